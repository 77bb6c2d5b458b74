with

sellers as (

    select * from {{ ref('dim_sellers') }}

),

items as (

    select * from {{ ref('fact_order_items') }}

),

orders as (

    select * from {{ ref('fact_orders') }}

),

reputations as (

    select * from {{ ref('int_seller_pareto') }}

),

-- One row per order and seller, so that an order of many items weighs as one.
sales as (

    select
        seller_key,
        order_id,
        count(*) as items,
        sum(item_value) as item_value,
        sum(freight_value) as freight_value,
        {{ count_if('is_handed_over_on_time') }} as handed_over_on_time,
        count(is_handed_over_on_time) as handed_over
    from items
    group by seller_key, order_id

),

sums as (

    select
        sales.seller_key,
        {{ count_if('orders.is_revenue') }} as orders,
        {{ share_of('orders.is_canceled') }} as canceled_share,
        sum(case when orders.is_revenue then sales.items else 0 end) as items,
        sum(case when orders.is_revenue then sales.item_value else 0 end) as item_value,
        sum(case when orders.is_revenue then sales.freight_value else 0 end) as freight_value,
        min(orders.order_date) as first_order_date,
        max(orders.order_date) as last_order_date,
        {{ share_of('orders.is_on_time') }} as on_time_share,
        {{ ratio('sum(sales.handed_over_on_time)', 'sum(sales.handed_over)') }} as handover_on_time_share
    from sales
    inner join orders on sales.order_id = orders.order_id
    group by sales.seller_key

),

performance as (

    select
        sellers.seller_key,
        sellers.seller_id,
        sellers.state,
        sellers.region,
        coalesce(sums.orders, 0) as orders,
        {{ whole('coalesce(sums.items, 0)') }} as items,
        {{ money('coalesce(sums.item_value, 0)', 14) }} as item_value,
        {{ money('coalesce(sums.freight_value, 0)', 14) }} as freight_value,
        {{ money('coalesce(sums.item_value + sums.freight_value, 0)', 14) }} as revenue,
        sums.canceled_share,
        sums.first_order_date,
        sums.last_order_date,
        sums.on_time_share,
        sums.handover_on_time_share,
        coalesce(reputations.reviews, 0) as reviews,
        reputations.average_review_score,
        reputations.nps,
        reputations.negative_share,
        {{ whole('reputations.reputation_rank') }} as reputation_rank,
        {{ whole('reputations.revenue_rank') }} as revenue_rank,
        reputations.revenue_cumulative_share,
        coalesce(reputations.pareto_class, 'C') as pareto_class
    from sellers
    left join sums on sellers.seller_key = sums.seller_key
    left join reputations on sellers.seller_id = reputations.seller_id
    where not sellers.is_special_member or sums.seller_key is not null

)

select * from performance
