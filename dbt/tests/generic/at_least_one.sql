{#
    The condition holds for at least one row: it catches a join that matched nothing and a rule that no row meets any more.
    Returns one row when none does. Silent when no row is eligible (`unless_empty`).
#}
{% test at_least_one(model, condition, unless_empty="true") %}
    {{ config(meta={"kind": "business_rule"}) }}

    with

    counted as (

        select
            coalesce(sum(case when {{ unless_empty }} then 1 else 0 end), 0) as eligible_rows,
            coalesce(sum(case when {{ unless_empty }} and {{ condition }} then 1 else 0 end), 0) as matching_rows
        from {{ model }}

    )

    select *
    from counted
    where
        eligible_rows > 0
        and matching_rows = 0

{% endtest %}
