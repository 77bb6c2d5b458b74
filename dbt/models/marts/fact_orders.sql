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

outcomes as (

    select * from {{ ref('int_order_outcomes') }}

),

risks as (

    select * from {{ ref('int_order_risk_factors') }}

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
        {{ counts_as_revenue('orders.order_status') }} as is_revenue,
        orders.is_delivered,
        orders.is_canceled,
        deliveries.is_on_time,
        deliveries.delivery_delay_days,
        deliveries.punctuality,
        deliveries.delivery_days,
        deliveries.promised_days,
        orders.estimated_delivery_date,
        deliveries.delivered_date,
        orders.purchased_at,
        orders.approved_at,
        orders.carrier_received_at,
        orders.delivered_at,
        orders.has_ordered_timestamps,
        customers.city as customer_city,
        customers.state as customer_state,
        {{ whole('customers.order_number') }} as customer_order_number,
        {{ whole('customers.purchase_number') }} as customer_purchase_number,
        coalesce(outcomes.reviews, 0) as reviews,
        outcomes.review_score,
        outcomes.was_badly_reviewed,
        outcomes.had_problem,
        risks.risk_score,
        risks.risk_level,
        risks.main_risk_factor
    from orders
    left join customers on orders.order_id = customers.order_id
    left join totals on orders.order_id = totals.order_id
    left join payments on orders.order_id = payments.order_id
    left join deliveries on orders.order_id = deliveries.order_id
    left join outcomes on orders.order_id = outcomes.order_id
    left join risks on orders.order_id = risks.order_id

)

select * from joined
