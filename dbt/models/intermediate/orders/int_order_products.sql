{{ config(materialized='table') }}

with

items as (

    select * from {{ ref('stg_olist__order_items') }}

),

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

lines as (

    select
        items.order_id,
        items.product_id,
        orders.order_date,
        {{ whole('count(*)') }} as items
    from items
    inner join orders on items.order_id = orders.order_id
    group by items.order_id, items.product_id, orders.order_date

)

select * from lines
