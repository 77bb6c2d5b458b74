with

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

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
        delivered_date,
        counted_date <= estimated_delivery_date as is_on_time,
        {{ dbt.datediff('estimated_delivery_date', 'counted_date', 'day') }} as delivery_delay_days,
        {{ dbt.datediff('order_date', 'counted_date', 'day') }} as delivery_days,
        {{ dbt.datediff('order_date', 'estimated_delivery_date', 'day') }} as promised_days
    from dated

)

select * from measured
