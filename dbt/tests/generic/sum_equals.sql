{#
    A total reconciles, to the cent: the sum over the model equals the sum over `to`. Both sides are SQL expressions over one row;
    on a column, `expression` defaults to it, `to_expression` to the same. An empty side sums to 0.
    Returns one row with both sums when they differ.
#}
{% test sum_equals(model, to, column_name=none, expression=none, to_expression=none, model_condition="true", to_condition="true") %}
    {{ config(meta={"kind": "reconciliation"}) }}

    {%- set own = expression or column_name %}

    with

    summed as (

        select
            (select coalesce(sum({{ own }}), 0) from {{ model }} where {{ model_condition }}) as actual_sum,
            (select coalesce(sum({{ to_expression or own }}), 0) from {{ to }} where {{ to_condition }}) as expected_sum

    )

    select *
    from summed
    where actual_sum <> expected_sum

{% endtest %}
