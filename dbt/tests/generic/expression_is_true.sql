{#
    A rule every row keeps. A row for which the expression is NULL fails too: say `or x is null` where that is allowed.
    On a column, write the rest of the expression (`>= 0`); on a model, all of it. Returns the rows that break the rule.
#}
{% test expression_is_true(model, expression, column_name=none) %}
    {{ config(meta={"kind": "business_rule"}) }}

    {%- set rule = (column_name ~ " " if column_name else "") ~ expression %}

    select *
    from {{ model }}
    where not coalesce({{ rule }}, false)

{% endtest %}
