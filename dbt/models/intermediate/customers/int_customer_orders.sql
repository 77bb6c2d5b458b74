{{ config(materialized='table') }}

with

customers as (

    select * from {{ ref('stg_olist__customers') }}

),

orders as (

    select
        *,
        {{ counts_as_revenue('order_status') }} as is_revenue
    from {{ ref('stg_olist__orders') }}

),

joined as (

    select
        {{ surrogate_key(['customers.customer_unique_id']) }} as customer_key,
        customers.*,
        orders.order_id,
        orders.order_date,
        orders.purchased_at,
        orders.is_revenue
    from customers
    left join orders on customers.customer_id = orders.customer_id

),

-- A customer without an order counts as older than any order. The number of a purchase skips orders that are none.
numbered as (

    select
        *,
        case
            when order_id is not null
                then row_number() over (
                    partition by customer_key, case when order_id is null then 1 else 0 end
                    order by purchased_at asc, order_id asc
                )
        end as order_number,
        case
            when is_revenue
                then row_number() over (
                    partition by customer_key, case when is_revenue then 1 else 0 end
                    order by purchased_at asc, order_id asc
                )
        end as purchase_number,
        row_number() over (
            partition by customer_key
            order by case when order_id is null then 1 else 0 end asc, purchased_at desc, order_id desc, customer_id desc
        ) as recency_rank
    from joined

)

select * from numbered
