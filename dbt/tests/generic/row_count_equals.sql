{#
    No row lost and none doubled: the model has as many rows as `expression` (default: rows) counts in `to`.
    `extra` is how many rows the model has beyond those (special members of a dimension). Conditions narrow either side.
    Returns one row with both counts when they differ.
#}
{% test row_count_equals(model, to, expression="count(*)", extra=0, model_condition="true", to_condition="true") %}
    {{ config(meta={"kind": "reconciliation"}) }}

    with

    counted as (

        select
            (select count(*) from {{ model }} where {{ model_condition }}) as actual_rows,
            (select {{ expression }} from {{ to }} where {{ to_condition }}) + {{ extra }} as expected_rows

    )

    select *
    from counted
    where actual_rows <> expected_rows

{% endtest %}
