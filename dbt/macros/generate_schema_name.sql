{#
    Schemas are named as they are, never prefixed by the target's: `staging` and `intermediate` are shared workrooms that nobody is
    served from, everything else is built in the target schema (`gold_next`), which the pipeline swaps to `gold` when green.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- else -%}
        {{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
