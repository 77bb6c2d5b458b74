with

customers as (

    select * from {{ ref('stg_olist__customers') }}

),

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

numbered as (

    select
        {{ surrogate_key(['customers.customer_unique_id']) }} as customer_key,
        customers.*,
        orders.order_id,
        orders.order_date,
        case
            when orders.order_id is not null
                then row_number() over (
                    partition by customers.customer_unique_id
                    order by case when orders.order_id is null then 1 else 0 end, orders.purchased_at, orders.order_id
                )
        end as order_number,
        row_number() over (
            partition by customers.customer_unique_id
            order by case when orders.order_id is null then 1 else 0 end, orders.purchased_at desc, orders.order_id desc, customers.customer_id
        ) as recency_rank
    from customers
    left join orders on customers.customer_id = orders.customer_id

)

select * from numbered
