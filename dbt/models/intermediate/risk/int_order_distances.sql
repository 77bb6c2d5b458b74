with

sales as (

    select * from {{ ref('int_order_sellers') }}

),

customers as (

    select * from {{ ref('int_customer_orders') }}

),

sellers as (

    select * from {{ ref('stg_olist__sellers') }}

),

-- The farthest of an order's sellers; NULL when one end has no coordinates.
distances as (

    select
        sales.order_id,
        max({{ distance_km('sellers.latitude', 'sellers.longitude', 'customers.latitude', 'customers.longitude') }}) as distance_km
    from sales
    inner join customers on sales.order_id = customers.order_id
    inner join sellers on sales.seller_id = sellers.seller_id
    group by sales.order_id

),

-- To the metre, so that the last digits of a machine's sine decide nothing.
rounded as (

    select
        order_id,
        {{ decimal('distance_km', 3, 9) }} as distance_km
    from distances

)

select * from rounded
