{#
    dbt asks BigQuery for the types of a contract by `cast(null as <type>)`, and BigQuery refuses a cast to a type with digits
    ("Parameterized types are not allowed in CAST expressions"). The table is created with them all the same.
#}
{% macro bigquery__get_empty_schema_sql(columns) -%}
    select
        {%- for column in columns.values() %}
        cast(null as {{ column.data_type.split("(")[0] }}) as {{ column.name }}{{ "," if not loop.last }}
        {%- endfor %}
{%- endmacro %}
