{# Money in BRL with two decimals. Amounts of one row fit 12 digits; sums over many rows take `digits=14`. #}
{% macro money(expression, digits=12) -%}
    cast({{ expression }} as numeric({{ digits }}, 2))
{%- endmacro %}

{# A whole number; counts are 64 bits in PostgreSQL and would otherwise not match their contract. #}
{% macro whole(expression) -%}
    cast({{ expression }} as {{ dbt.type_int() }})
{%- endmacro %}

{# A binary floating-point number: coordinates, distances, probabilities; never money. #}
{% macro float(expression) -%}
    cast({{ expression }} as {{ dbt.type_float() }})
{%- endmacro %}

{# numerator / denominator as a decimal, NULL where the denominator is 0 or NULL. Never integer or floating-point division. #}
{% macro ratio(numerator, denominator, decimals=4) -%}
    cast(round(cast({{ numerator }} as numeric) / nullif({{ denominator }}, 0), {{ decimals }}) as numeric(18, {{ decimals }}))
{%- endmacro %}

{# The mean of whole numbers or decimals, rounded. Not for floating point, whose sum depends on the order of the rows. #}
{% macro mean(expression, decimals=2) -%}
    cast(round(cast(avg({{ expression }}) as numeric), {{ decimals }}) as numeric(18, {{ decimals }}))
{%- endmacro %}

{# How many rows fulfil a condition; NULL counts as not fulfilled. #}
{% macro count_if(condition) -%}
    {{ whole("coalesce(sum(case when " ~ condition ~ " then 1 else 0 end), 0)") }}
{%- endmacro %}

{# The share of rows that fulfil a condition among those for which it is known; NULL when it is known for none. #}
{% macro share_of(condition) -%}
    {{ mean("case when " ~ condition ~ " then 1 when not (" ~ condition ~ ") then 0 end", 4) }}
{%- endmacro %}
