{% macro default__weekday(day) %}extract(dow from {{ day }}){% endmacro %}
