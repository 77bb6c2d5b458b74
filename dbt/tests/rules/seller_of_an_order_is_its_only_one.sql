-- The member "multiple" stands for several sellers, "unknown" for none, and only for those. Returns the orders of which that is not so.
{{ config(meta={'kind': 'business_rule'}) }}

with

orders as (

    select * from {{ ref('fact_orders') }}

),

sellers as (

    select * from {{ ref('dim_sellers') }}

)

select
    orders.order_id,
    orders.sellers,
    sellers.seller_id
from orders
left join sellers on orders.seller_key = sellers.seller_key
where
    coalesce(sellers.seller_id, '') <> case
        when orders.sellers = 0 then 'unknown'
        when orders.sellers > 1 then 'multiple'
        else coalesce(case when not sellers.is_special_member then sellers.seller_id end, 'a seller')
    end
