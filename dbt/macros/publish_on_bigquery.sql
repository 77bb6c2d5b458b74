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
    {%- set built_columns, served_columns = columns_in(target.schema), columns_in(gold.schema) -%}
    {%- set changes = [] -%}
    {%- for model in models -%}
        {%- set built = api.Relation.create(database=target.database, schema=target.schema, identifier=model.alias) -%}
        {%- set served = gold.incorporate(path={"identifier": model.alias}) -%}
        {%- if served_columns.get(model.alias) == built_columns[model.alias] -%}
            {%- do changes.append("delete from " ~ served ~ " where true; insert into " ~ served ~ " select * from " ~ built ~ ";") -%}
        {%- else -%}
            {%- do adapter.copy_table(built, served, "table") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if changes -%}
        {%- do run_query("begin transaction; " ~ changes | join(" ") ~ " commit transaction;") -%}
    {%- endif -%}
    {%- do log("published " ~ gold.schema, info=true) -%}
{%- endmacro %}

{#
    By table: its columns' names and types, digits and all, as BigQuery writes them. The adapter's columns have no digits, and a value does
    not fit into a column of fewer.
#}
{% macro columns_in(schema) -%}
    {%- set question = "select table_name, column_name, data_type from `" ~ target.database ~ "`.`" ~ schema ~ "`.INFORMATION_SCHEMA.COLUMNS order by ordinal_position" -%}
    {%- set tables = {} -%}
    {%- for row in run_query(question).rows -%}
        {%- do tables.setdefault(row[0], []).append((row[1], row[2])) -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}
