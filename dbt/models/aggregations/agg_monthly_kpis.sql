with

orders as (

    select * from {{ ref('fact_orders') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

monthly as (

    select
        {{ first_day('month', 'order_date') }} as month,
        count(*) as placed_orders,
        {{ count_if('is_revenue') }} as orders,
        {{ count_if('is_canceled') }} as canceled_orders,
        count(distinct case when is_revenue then customer_key end) as customers,
        {{ count_if('customer_purchase_number = 1') }} as new_customers,
        sum(case when is_revenue then items else 0 end) as items,
        sum(case when is_revenue then item_value else 0 end) as item_value,
        sum(case when is_revenue then freight_value else 0 end) as freight_value,
        sum(case when is_revenue then order_value else 0 end) as revenue,
        {{ count_if('is_delivered') }} as delivered_orders,
        {{ share_of('is_on_time') }} as on_time_share,
        {{ mean('delivery_days') }} as average_delivery_days,
        {{ mean('review_score') }} as average_review_score
    from orders
    group by {{ first_day('month', 'order_date') }}

),

span as (

    select
        min(month) as first_month,
        max(month) as last_month
    from monthly

),

months as (

    select distinct dates.month_start_date as month
    from dates
    inner join span on dates.month_start_date between span.first_month and span.last_month

),

kpis as (

    select
        months.month,
        {{ whole('coalesce(monthly.placed_orders, 0)') }} as placed_orders,
        coalesce(monthly.orders, 0) as orders,
        coalesce(monthly.canceled_orders, 0) as canceled_orders,
        {{ ratio('monthly.canceled_orders', 'monthly.placed_orders') }} as canceled_share,
        {{ whole('coalesce(monthly.customers, 0)') }} as customers,
        coalesce(monthly.new_customers, 0) as new_customers,
        {{ whole('coalesce(monthly.customers - monthly.new_customers, 0)') }} as returning_customers,
        {{ whole('coalesce(monthly.items, 0)') }} as items,
        {{ money('coalesce(monthly.item_value, 0)', 14) }} as item_value,
        {{ money('coalesce(monthly.freight_value, 0)', 14) }} as freight_value,
        {{ money('coalesce(monthly.revenue, 0)', 14) }} as revenue,
        {{ ratio('monthly.revenue', 'monthly.orders', 2) }} as average_order_value,
        {{ ratio(
            'monthly.revenue - lag(monthly.revenue) over (order by months.month asc)',
            'lag(monthly.revenue) over (order by months.month asc)'
        ) }} as revenue_growth,
        coalesce(monthly.delivered_orders, 0) as delivered_orders,
        monthly.on_time_share,
        monthly.average_delivery_days,
        monthly.average_review_score
    from months
    left join monthly on months.month = monthly.month

)

select * from kpis
