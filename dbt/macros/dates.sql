{# The first day of the part ('month', 'year') that a date lies in, as a date. #}
{% macro first_day(part, expression) -%}
    cast({{ dbt.date_trunc(part, expression) }} as date)
{%- endmacro %}

{# A date moved by a number of days, as a date. #}
{% macro add_days(days, expression) -%}
    cast({{ dbt.dateadd("day", days, expression) }} as date)
{%- endmacro %}

{# Day of the week as ISO numbers it, Monday 1 to Sunday 7. 1900-01-01 was a Monday. #}
{% macro iso_day_of_week(expression) -%}
    {{ whole("mod(" ~ dbt.datediff("cast('1900-01-01' as date)", expression, "day") ~ ", 7) + 1") }}
{%- endmacro %}

{# The n-th of a list of names, counted from 1: name_of('month', ['January', …]). #}
{% macro name_of(number, names) -%}
    case {{ number }}
        {%- for name in names %}
        when {{ loop.index }} then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}

{# A relation of whole numbers from 1 to upper_bound, in the column `generated_number`. #}
{% macro numbers(upper_bound) -%}
    {{ return(adapter.dispatch("numbers", "olist")(upper_bound)) }}
{%- endmacro %}

{% macro default__numbers(upper_bound) -%}
    {{ dbt.generate_series(upper_bound) }}
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
