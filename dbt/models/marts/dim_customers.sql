with

customers as (

    select * from {{ ref('int_customer_orders') }}

),

segments as (

    select * from {{ ref('int_customer_segments') }}

),

states as (

    select * from {{ ref('brazil_states') }}

),

people as (

    select
        customers.customer_key,
        customers.customer_unique_id,
        customers.zip_code_prefix,
        customers.city,
        customers.state,
        states.region,
        customers.latitude,
        customers.longitude,
        customers.has_geolocation,
        segments.first_order_date,
        segments.last_order_date,
        segments.orders,
        segments.purchases,
        segments.first_purchase_date,
        segments.last_purchase_date,
        segments.revenue,
        segments.purchases > 1 as is_repeat_customer,
        segments.recency_days,
        segments.recency_score,
        segments.frequency_score,
        segments.monetary_score,
        segments.segment
    from customers
    left join segments on customers.customer_key = segments.customer_key
    left join states on customers.state = states.state
    where customers.recency_rank = 1

)

select * from people
