{# A decimal, rounded half away from zero to so many decimals. BigQuery takes no digits in a cast; its NUMERIC has 9 decimals. #}
{% macro decimal(expression, decimals, digits=18) -%}
    {{ return(adapter.dispatch("decimal", "olist")(expression, decimals, digits)) }}
{%- endmacro %}

{% macro default__decimal(expression, decimals, digits) -%}
    cast({{ expression }} as numeric({{ digits }}, {{ decimals }}))
{%- endmacro %}

{% macro bigquery__decimal(expression, decimals, digits) -%}
    round(cast({{ expression }} as numeric), {{ decimals }})
{%- endmacro %}

{# Money in BRL with two decimals. Amounts of one row fit 12 digits; sums over many rows take `digits=14`. #}
{% macro money(expression, digits=12) -%}
    {{ decimal(expression, 2, digits) }}
{%- endmacro %}

{# A whole number; counts are 64 bits in PostgreSQL and would otherwise not match their contract. #}
{% macro whole(expression) -%}
    cast({{ expression }} as {{ dbt.type_int() }})
{%- endmacro %}

{# A binary floating-point number: coordinates, distances, probabilities; never money. #}
{% macro float(expression) -%}
    cast({{ expression }} as {{ dbt.type_float() }})
{%- endmacro %}

{# A moment of local time, without a zone: BigQuery's DATETIME, whose TIMESTAMP would be UTC. #}
{% macro moment(expression) -%}
    {{ return(adapter.dispatch("moment", "olist")(expression)) }}
{%- endmacro %}

{% macro default__moment(expression) -%}
    cast({{ expression }} as {{ dbt.type_timestamp() }})
{%- endmacro %}

{% macro bigquery__moment(expression) -%}
    cast({{ expression }} as datetime)
{%- endmacro %}

{# numerator / denominator as a decimal, NULL where the denominator is 0 or NULL. Never integer or floating-point division. #}
{% macro ratio(numerator, denominator, decimals=4) -%}
    {{ decimal("cast(" ~ numerator ~ " as numeric) / nullif(" ~ denominator ~ ", 0)", decimals) }}
{%- endmacro %}

{# The mean of whole numbers or decimals, rounded. Not for floating point, whose sum depends on the order of the rows. #}
{% macro mean(expression, decimals=2) -%}
    {{ decimal("avg(" ~ expression ~ ")", decimals) }}
{%- endmacro %}

{# How many rows fulfil a condition; NULL counts as not fulfilled. #}
{% macro count_if(condition) -%}
    {{ whole("coalesce(sum(case when " ~ condition ~ " then 1 else 0 end), 0)") }}
{%- endmacro %}

{# The share of rows that fulfil a condition among those for which it is known; NULL when it is known for none. #}
{% macro share_of(condition) -%}
    {{ mean("case when " ~ condition ~ " then 1 when not (" ~ condition ~ ") then 0 end", 4) }}
{%- endmacro %}
