with

payments as (

    select * from {{ ref('stg_olist__order_payments') }}

),

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

customers as (

    select * from {{ ref('int_customer_orders') }}

),

joined as (

    select
        {{ surrogate_key(['payments.order_id', 'payments.payment_sequential']) }} as payment_key,
        payments.order_id,
        payments.payment_sequential,
        customers.customer_key,
        orders.order_date,
        orders.order_status,
        {{ counts_as_revenue('orders.order_status') }} as is_revenue,
        payments.payment_type,
        payments.has_payment_type,
        payments.installments,
        case
            when payments.installments <= 1 then '01'
            when payments.installments <= 3 then '02-03'
            when payments.installments <= 6 then '04-06'
            when payments.installments <= 12 then '07-12'
            else '13+'
        end as installment_band,
        {{ money('payments.payment_value') }} as payment_value
    from payments
    left join orders on payments.order_id = orders.order_id
    left join customers on payments.order_id = customers.order_id

)

select * from joined
