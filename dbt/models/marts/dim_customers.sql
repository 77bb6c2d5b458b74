with

customers as (

    select * from {{ ref('int_customer_orders') }}

),

states as (

    select * from {{ ref('brazil_states') }}

),

histories as (

    select
        customer_key,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        {{ whole('count(order_id)') }} as orders
    from customers
    group by customer_key

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
        histories.first_order_date,
        histories.last_order_date,
        histories.orders,
        histories.orders > 1 as is_repeat_customer
    from customers
    inner join histories on customers.customer_key = histories.customer_key
    left join states on customers.state = states.state
    where customers.recency_rank = 1

)

select * from people
