with

orders as (

    select * from {{ ref('fact_orders') }}

),

states as (

    select * from {{ ref('brazil_states') }}

),

sums as (

    select
        customer_state,
        count(*) as placed_orders,
        {{ count_if('is_revenue') }} as orders,
        count(distinct case when is_revenue then customer_key end) as customers,
        sum(case when is_revenue then item_value else 0 end) as item_value,
        sum(case when is_revenue then freight_value else 0 end) as freight_value,
        sum(case when is_revenue then order_value else 0 end) as revenue,
        {{ share_of('is_canceled') }} as canceled_share,
        {{ count_if('is_delivered') }} as delivered_orders,
        {{ share_of('is_on_time') }} as on_time_share,
        {{ mean('delivery_days') }} as average_delivery_days,
        {{ mean('promised_days') }} as average_promised_days,
        {{ mean('review_score') }} as average_review_score
    from orders
    group by customer_state

),

regions as (

    select
        states.state,
        states.state_name,
        states.region,
        {{ whole('coalesce(sums.placed_orders, 0)') }} as placed_orders,
        coalesce(sums.orders, 0) as orders,
        {{ whole('coalesce(sums.customers, 0)') }} as customers,
        {{ money('coalesce(sums.item_value, 0)', 14) }} as item_value,
        {{ money('coalesce(sums.freight_value, 0)', 14) }} as freight_value,
        {{ money('coalesce(sums.revenue, 0)', 14) }} as revenue,
        {{ ratio('sums.revenue', 'sums.orders', 2) }} as average_order_value,
        {{ ratio('sums.freight_value', 'sums.revenue') }} as freight_share,
        sums.canceled_share,
        coalesce(sums.delivered_orders, 0) as delivered_orders,
        sums.on_time_share,
        sums.average_delivery_days,
        sums.average_promised_days,
        sums.average_review_score
    from states
    left join sums on states.state = sums.customer_state

)

select * from regions
