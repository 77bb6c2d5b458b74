{{ config(materialized='table') }}

with

items as (

    select * from {{ ref('stg_olist__order_items') }}

),

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

shipments as (

    select
        items.order_id,
        items.seller_id,
        orders.order_date,
        {{ counts_as_revenue('orders.order_status') }} as is_revenue,
        {{ money('sum(items.price + items.freight_value)') }} as order_value
    from items
    inner join orders on items.order_id = orders.order_id
    group by items.order_id, items.seller_id, orders.order_date, orders.order_status

)

select * from shipments
