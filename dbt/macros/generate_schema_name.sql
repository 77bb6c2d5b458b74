{#
    Schemas are named as they are, never prefixed by the target's: `staging` and `intermediate` are shared workrooms that nobody is
    served from, everything else is built in the target schema (`gold_next`), which the pipeline swaps to `gold` when green. BigQuery's
    datasets lie side by side with those of others in a project, so all begin as the target's does: `olist_dbt_staging`, `olist_dbt_gold_next`.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- elif target.type == "bigquery" -%}
        {{ target.schema.split("gold_next")[0] ~ custom_schema_name | trim }}
    {%- else -%}
        {{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
