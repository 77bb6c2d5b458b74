{# Business rules that several models apply; each is written here and nowhere else. #}

{# Revenue counts every order but the canceled and the unavailable. #}
{% macro counts_as_revenue(order_status) -%}
    {{ order_status }} not in ('canceled', 'unavailable')
{%- endmacro %}

{# How the Net Promoter Score sorts 1 to 5 stars: 5 promoter, 4 passive, 1 to 3 detractor. #}
{% macro review_class(score) -%}
    case when {{ score }} = 5 then 'promoter' when {{ score }} = 4 then 'passive' when {{ score }} <= 3 then 'detractor' end
{%- endmacro %}

{# A bad review has one or two stars. #}
{% macro is_bad_review(score) -%}
    {{ score }} <= 2
{%- endmacro %}

{# Net Promoter Score of a group of reviews, -100 to 100: the share of promoters less the share of detractors. #}
{% macro net_promoter_score(score) -%}
    {{ mean("case when " ~ score ~ " = 5 then 100 when " ~ score ~ " = 4 then 0 when " ~ score ~ " <= 3 then -100 end", 1) }}
{%- endmacro %}

{#
    A mean score that few reviews cannot push to the top or the bottom: as if ten reviews of the average 4.09 stars, the mean of all of
    Olist's, stood beside those there are. Wanted: the sum of the scores and their number.
#}
{% macro smoothed_score(score_sum, reviews) -%}
    {{ ratio("(" ~ score_sum ~ " + 40.9)", "(" ~ reviews ~ " + 10)") }}
{%- endmacro %}

{#
    What factors of the risk score add to an order's log-odds: weight times distance from the mean, from the relations `features` and
    `weights`; nothing for a factor that is not known.
#}
{% macro risk_contribution(factors) -%}
    {%- for factor in factors -%}
    coalesce(weights.{{ factor }}_weight * (features.{{ factor }} - weights.{{ factor }}_mean), 0)
    {%- if not loop.last %} + {% endif -%}
    {%- endfor -%}
{%- endmacro %}
