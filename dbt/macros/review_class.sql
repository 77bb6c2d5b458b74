{# How the Net Promoter Score sorts 1 to 5 stars: 5 promoter, 4 passive, 1 to 3 detractor. #}
{% macro review_class(score) -%}
    case when {{ score }} = 5 then 'promoter' when {{ score }} = 4 then 'passive' when {{ score }} <= 3 then 'detractor' end
{%- endmacro %}
