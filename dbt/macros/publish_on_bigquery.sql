{#
    On BigQuery nothing stands around dbt that could publish what is green, so its build does, at its end: what it built in the dataset
    `…_gold_next` takes the place of what `…_gold` serves. Only of a build in which every seed, model and data test was run, and none
    failed: a part of the project, or models without their tests, publish nothing.
#}
{% macro publish_when_green(results) -%}
    {%- if execute and target.type == "bigquery" and flags.WHICH == "build" -%}
        {%- set green = results | selectattr("status", "in", ["success", "pass", "warn"]) | map(attribute="node.unique_id") | list -%}
        {%- set wanted = graph.nodes.values() | selectattr("resource_type", "in", ["seed", "model", "test"]) | list -%}
        {%- set missing = wanted | rejectattr("unique_id", "in", green) | map(attribute="name") | list -%}
        {%- if missing -%}
            {%- do log("gold stands as it was: failed or not run: " ~ missing[:5] | join(", ") ~ " (" ~ missing | length ~ " in all)", info=true) -%}
        {%- else -%}
            {%- do publish(wanted | selectattr("schema", "equalto", target.schema) | selectattr("resource_type", "equalto", "model")) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#
    One transaction for all tables: who reads meanwhile sees all of the old version or all of the new. A table that is new, or whose columns
    have changed, cannot be part of one and is put in place whole just before.
#}
{% macro publish(models) -%}
    {%- set gold = api.Relation.create(database=target.database, schema=target.schema | replace("_next", "")) -%}
    {%- do adapter.create_schema(gold) -%}
    {%- set changes = [] -%}
    {%- for model in models -%}
        {%- set built = api.Relation.create(database=target.database, schema=target.schema, identifier=model.alias) -%}
        {%- set served = load_relation(gold.incorporate(path={"identifier": model.alias})) -%}
        {%- if served and columns_of(served) == columns_of(built) -%}
            {%- do changes.append("delete from " ~ served ~ " where true; insert into " ~ served ~ " select * from " ~ built ~ ";") -%}
        {%- else -%}
            {%- do adapter.copy_table(built, gold.incorporate(path={"identifier": model.alias}), "table") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if changes -%}
        {%- do run_query("begin transaction; " ~ changes | join(" ") ~ " commit transaction;") -%}
    {%- endif -%}
    {%- do log("published " ~ gold.schema, info=true) -%}
{%- endmacro %}

{% macro columns_of(relation) -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do columns.append((column.name, column.dtype)) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
