{# The first day of the part ('month', 'year') that a date lies in, as a date. #}
{% macro first_day(part, expression) -%}
    cast({{ dbt.date_trunc(part, expression) }} as date)
{%- endmacro %}

{# A date moved by a number of days, as a date. #}
{% macro add_days(days, expression) -%}
    cast({{ dbt.dateadd("day", days, expression) }} as date)
{%- endmacro %}

{# Whole days from one date to another, negative when the second is earlier. #}
{% macro days_between(first, second) -%}
    {{ whole(dbt.datediff(first, second, "day")) }}
{%- endmacro %}

{# Day of the week as ISO numbers it, Monday 1 to Sunday 7. 1900-01-01 was a Monday. #}
{% macro iso_day_of_week(expression) -%}
    {{ whole("mod(" ~ days_between("cast('1900-01-01' as date)", expression) ~ ", 7) + 1") }}
{%- endmacro %}

{# The n-th of a list of names, counted from 1: name_of('month', ['January', …]). #}
{% macro name_of(number, names) -%}
    case {{ number }}
        {%- for name in names %}
        when {{ loop.index }} then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}

{# Whole numbers from 1 to upper_bound, one a row, in the column `generated_number`. dbt's own are floating point on BigQuery, which an
   interval refuses, and a WITH that WITH RECURSIVE may not hold there. #}
{% macro numbers(upper_bound) -%}
    {{ return(adapter.dispatch("numbers", "olist")(upper_bound)) }}
{%- endmacro %}

{% macro default__numbers(upper_bound) -%}
    ({{ dbt.generate_series(upper_bound) }})
{%- endmacro %}

{% macro bigquery__numbers(upper_bound) -%}
    (select generated_number from unnest(generate_array(1, {{ upper_bound }})) as generated_number)
{%- endmacro %}

{% macro month_names() -%}
    {{ return([
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ]) }}
{%- endmacro %}

{% macro day_names() -%}
    {{ return(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]) }}
{%- endmacro %}
