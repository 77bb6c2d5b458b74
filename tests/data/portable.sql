-- Looks like what is banned and is not: x::int, now(), "quoted", a ~ b, array[1].
{# {{ price::int }} #}
{% macro default__weekday(day) %}extract(dow from {{ day }}){% endmacro %}
{% macro bigquery__weekday(day) %}extract(dayofweek from {{ day }}){% endmacro %}
with sold as (

    select
        order_id,
        cast(price as numeric) as price,
        'x::int ~ "y" [1] now() %' || {{ "a" ~ "b" }} as text,
        case when (price > 5) then 1 else 0 end as is_dear,
        rank() over (partition by order_id order by price) as place
    from {{ ref('items')[0] }}
    where order_id in ('a', 'b') and name like '%a'

)

select * from sold
union all
select * from {{ numbers("mod(length('::'), 7)") }} as numbers
