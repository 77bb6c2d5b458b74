{{ config(materialized='table') }}

with

items as (

    select * from {{ ref('stg_olist__order_items') }}

),

totals as (

    select
        order_id,
        {{ whole('count(*)') }} as items,
        {{ whole('count(distinct seller_id)') }} as sellers,
        case when count(distinct seller_id) = 1 then min(seller_id) else 'multiple' end as seller_id,
        {{ money('sum(price)') }} as item_value,
        {{ money('sum(freight_value)') }} as freight_value,
        {{ money('sum(price + freight_value)') }} as order_value
    from items
    group by order_id

)

select * from totals
