with

customer_orders as (

    select * from {{ ref('int_customer_orders') }}

),

totals as (

    select * from {{ ref('int_order_totals') }}

),

purchases as (

    select
        customer_orders.customer_key,
        {{ whole('count(customer_orders.order_id)') }} as orders,
        {{ count_if('customer_orders.is_revenue') }} as purchases,
        min(customer_orders.order_date) as first_order_date,
        max(customer_orders.order_date) as last_order_date,
        min(case when customer_orders.is_revenue then customer_orders.order_date end) as first_purchase_date,
        max(case when customer_orders.is_revenue then customer_orders.order_date end) as last_purchase_date,
        {{ money('coalesce(sum(case when customer_orders.is_revenue then totals.order_value end), 0)') }} as revenue
    from customer_orders
    left join totals on customer_orders.order_id = totals.order_id
    group by customer_orders.customer_key

)

select * from purchases
