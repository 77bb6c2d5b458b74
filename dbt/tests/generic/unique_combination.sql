{#
    The columns together are a key: no two rows share them. A row with a NULL in one of them also counts as sharing.
    Returns the combinations that occur more than once.
#}
{% test unique_combination(model, columns) %}
    {{ config(meta={"kind": "unique"}) }}

    select
        {{ columns | join(", ") }},
        count(*) as row_count
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1

{% endtest %}
