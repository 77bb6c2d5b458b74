{#
    A number or date lies between two bounds, both inclusive. A NULL passes: not_null is another test.
    Returns the rows outside.
#}
{% test in_range(model, column_name, minimum=none, maximum=none) %}
    {{ config(meta={"kind": "business_rule"}) }}

    select *
    from {{ model }}
    where
        false
        {%- if minimum is not none %}
        or {{ column_name }} < {{ minimum }}
        {%- endif %}
        {%- if maximum is not none %}
        or {{ column_name }} > {{ maximum }}
        {%- endif %}

{% endtest %}
