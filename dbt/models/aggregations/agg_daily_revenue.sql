with

orders as (

    select * from {{ ref('fact_orders') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

span as (

    select
        min(order_date) as first_date,
        max(order_date) as last_date
    from orders

),

daily as (

    select
        order_date,
        count(*) as orders,
        count(distinct customer_key) as customers,
        sum(items) as items,
        sum(item_value) as item_value,
        sum(freight_value) as freight_value,
        sum(order_value) as revenue
    from orders
    where is_revenue
    group by order_date

),

calendar as (

    select
        dates.date,
        {{ whole('coalesce(daily.orders, 0)') }} as orders,
        {{ whole('coalesce(daily.customers, 0)') }} as customers,
        {{ whole('coalesce(daily.items, 0)') }} as items,
        {{ money('coalesce(daily.item_value, 0)', 14) }} as item_value,
        {{ money('coalesce(daily.freight_value, 0)', 14) }} as freight_value,
        {{ money('coalesce(daily.revenue, 0)', 14) }} as revenue
    from dates
    inner join span on dates.date between span.first_date and span.last_date
    left join daily on dates.date = daily.order_date

)

select * from calendar
