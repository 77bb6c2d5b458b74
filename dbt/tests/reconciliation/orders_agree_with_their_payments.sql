-- Order by order, fact_orders holds what fact_payments adds up to. Returns the orders that differ.
{{ config(meta={'kind': 'reconciliation'}) }}

with

orders as (

    select * from {{ ref('fact_orders') }}

),

payments as (

    select
        order_id,
        count(*) as payments,
        max(installments) as installments,
        sum(payment_value) as payment_value
    from {{ ref('fact_payments') }}
    group by order_id

)

select orders.*
from orders
left join payments on orders.order_id = payments.order_id
where
    orders.payments <> coalesce(payments.payments, 0)
    or coalesce(orders.installments, -1) <> coalesce(payments.installments, -1)
    or orders.payment_value <> coalesce(payments.payment_value, 0)
