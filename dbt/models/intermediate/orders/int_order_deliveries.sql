{{ config(materialized='table') }}

with

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

-- Punctuality counts only where the status is delivered and the day is known; a few canceled orders have a day of delivery too.
dated as (

    select
        *,
        cast(delivered_at as date) as delivered_date,
        case when is_delivered and has_delivery_date then cast(delivered_at as date) end as counted_date
    from orders

),

measured as (

    select
        order_id,
        order_date,
        is_delivered,
        delivered_date,
        counted_date <= estimated_delivery_date as is_on_time,
        {{ days_between('estimated_delivery_date', 'counted_date') }} as delivery_delay_days,
        {{ days_between('order_date', 'counted_date') }} as delivery_days,
        {{ days_between('order_date', 'estimated_delivery_date') }} as promised_days
    from dated

),

sorted as (

    select
        *,
        case
            when not is_delivered then 'not_delivered'
            when delivery_delay_days is null then 'unknown'
            when delivery_delay_days < -7 then 'early_over_a_week'
            when delivery_delay_days < 0 then 'early'
            when delivery_delay_days = 0 then 'on_the_day'
            when delivery_delay_days <= 7 then 'late'
            else 'late_over_a_week'
        end as punctuality
    from measured

)

select * from sorted
