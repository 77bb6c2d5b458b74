{#
    What had been counted up to the day before: the running sum of `expression` within `partition`, in order of `order_by`, without the
    current row. With one row a day it never looks at the day itself or later, so nothing leaks from the future.
#}
{% macro sum_before(expression, order_by, partition=none) -%}
    coalesce(sum({{ expression }}) over (
        {%- if partition %} partition by {{ partition }}{% endif %}
        order by {{ order_by }} rows between unbounded preceding and 1 preceding
    ), 0)
{%- endmacro %}

{# Great-circle distance in kilometres between two points in degrees (haversine, mean radius of the earth 6371 km); NULL when one
   is unknown. Never through least(): with a NULL, PostgreSQL gives the other argument and BigQuery NULL. #}
{% macro distance_km(latitude, longitude, other_latitude, other_longitude) -%}
    {%- set degree = "(acos(-1) / 180)" -%}
    12742 * asin(sqrt(
        power(sin(({{ other_latitude }} - {{ latitude }}) * {{ degree }} / 2), 2)
        + cos({{ latitude }} * {{ degree }}) * cos({{ other_latitude }} * {{ degree }})
        * power(sin(({{ other_longitude }} - {{ longitude }}) * {{ degree }} / 2), 2)
    ))
{%- endmacro %}
