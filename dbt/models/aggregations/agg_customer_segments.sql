with

people as (

    select * from {{ ref('dim_customers') }}

),

segments as (

    select
        segment,
        {{ whole('count(*)') }} as customers,
        {{ ratio('count(*)', 'sum(count(*)) over ()') }} as customer_share,
        {{ whole('sum(purchases)') }} as orders,
        {{ money('sum(revenue)', 14) }} as revenue,
        {{ ratio('sum(revenue)', 'sum(sum(revenue)) over ()') }} as revenue_share,
        {{ ratio('sum(revenue)', 'sum(purchases)', 2) }} as average_order_value,
        {{ ratio('sum(revenue)', 'count(*)', 2) }} as revenue_per_customer,
        {{ mean('purchases') }} as average_purchases,
        {{ mean('recency_days', 1) }} as average_recency_days
    from people
    group by segment

)

select * from segments
