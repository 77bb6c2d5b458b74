with

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

customers as (

    select * from {{ ref('int_customer_orders') }}

),

totals as (

    select * from {{ ref('int_order_totals') }}

),

payments as (

    select * from {{ ref('int_order_payments') }}

),

deliveries as (

    select * from {{ ref('int_order_deliveries') }}

),

reviews as (

    select * from {{ ref('int_order_reviews') }}

),

joined as (

    select
        orders.order_id,
        customers.customer_key,
        {{ surrogate_key(["coalesce(totals.seller_id, 'unknown')"]) }} as seller_key,
        orders.order_date,
        orders.order_status,
        coalesce(totals.items, 0) as items,
        coalesce(totals.sellers, 0) as sellers,
        {{ money('coalesce(totals.item_value, 0)') }} as item_value,
        {{ money('coalesce(totals.freight_value, 0)') }} as freight_value,
        {{ money('coalesce(totals.order_value, 0)') }} as order_value,
        {{ money('coalesce(payments.payment_value, 0)') }} as payment_value,
        coalesce(payments.payments, 0) as payments,
        payments.main_payment_type,
        payments.installments,
        orders.order_status not in ('canceled', 'unavailable') as is_revenue,
        orders.is_delivered,
        orders.is_canceled,
        deliveries.is_on_time,
        deliveries.delivery_delay_days,
        deliveries.delivery_days,
        deliveries.promised_days,
        orders.estimated_delivery_date,
        deliveries.delivered_date,
        orders.purchased_at,
        orders.approved_at,
        orders.carrier_received_at,
        orders.delivered_at,
        customers.city as customer_city,
        customers.state as customer_state,
        {{ whole('customers.order_number') }} as customer_order_number,
        coalesce(reviews.reviews, 0) as reviews,
        reviews.review_score
    from orders
    left join customers on orders.order_id = customers.order_id
    left join totals on orders.order_id = totals.order_id
    left join payments on orders.order_id = payments.order_id
    left join deliveries on orders.order_id = deliveries.order_id
    left join reviews on orders.order_id = reviews.order_id

)

select * from joined
