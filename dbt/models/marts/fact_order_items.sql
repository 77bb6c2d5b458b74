with

items as (

    select * from {{ ref('stg_olist__order_items') }}

),

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

customers as (

    select * from {{ ref('int_customer_orders') }}

),

products as (

    select * from {{ ref('stg_olist__products') }}

),

sellers as (

    select * from {{ ref('stg_olist__sellers') }}

),

joined as (

    select
        {{ surrogate_key(['items.order_id', 'items.order_item_id']) }} as order_item_key,
        items.order_id,
        items.order_item_id,
        customers.customer_key,
        {{ surrogate_key(["coalesce(products.product_id, 'unknown')"]) }} as product_key,
        {{ surrogate_key(["coalesce(sellers.seller_id, 'unknown')"]) }} as seller_key,
        orders.order_date,
        orders.order_status,
        {{ counts_as_revenue('orders.order_status') }} as is_revenue,
        {{ money('items.price') }} as item_value,
        {{ money('items.freight_value') }} as freight_value,
        {{ money('items.price + items.freight_value') }} as order_value,
        items.shipping_limit_at,
        orders.carrier_received_at <= items.shipping_limit_at as is_handed_over_on_time
    from items
    left join orders on items.order_id = orders.order_id
    left join customers on items.order_id = customers.order_id
    left join products on items.product_id = products.product_id
    left join sellers on items.seller_id = sellers.seller_id

)

select * from joined
