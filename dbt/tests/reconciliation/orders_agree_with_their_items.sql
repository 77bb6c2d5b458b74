-- Order by order, fact_orders holds what fact_order_items adds up to. Returns the orders that differ.
{{ config(meta={'kind': 'reconciliation'}) }}

with

orders as (

    select * from {{ ref('fact_orders') }}

),

items as (

    select
        order_id,
        count(*) as items,
        count(distinct seller_key) as sellers,
        sum(item_value) as item_value,
        sum(freight_value) as freight_value,
        sum(order_value) as order_value
    from {{ ref('fact_order_items') }}
    group by order_id

)

select orders.*
from orders
left join items on orders.order_id = items.order_id
where
    orders.items <> coalesce(items.items, 0)
    or orders.sellers <> coalesce(items.sellers, 0)
    or orders.item_value <> coalesce(items.item_value, 0)
    or orders.freight_value <> coalesce(items.freight_value, 0)
    or orders.order_value <> coalesce(items.order_value, 0)
