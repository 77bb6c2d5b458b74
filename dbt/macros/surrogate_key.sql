{#
    A deterministic key: the md5 of the natural key's parts, joined by '|', as 32 hex digits. The same natural key gives the same
    surrogate in every build, on PostgreSQL and on BigQuery. A NULL part counts as '_null_', so that it differs from ''.

    fields: list of SQL expressions.
#}
{% macro surrogate_key(fields) -%}
    {%- set parts = [] -%}
    {%- for field in fields -%}
        {%- if not loop.first %}{% do parts.append("'|'") %}{% endif -%}
        {%- do parts.append("coalesce(cast(" ~ field ~ " as " ~ dbt.type_string() ~ "), '_null_')") -%}
    {%- endfor -%}
    {{ dbt.hash(dbt.concat(parts)) }}
{%- endmacro %}
