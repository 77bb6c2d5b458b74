-- Months without orders have no revenue, not one of 0; the month before is the calendar's.
with

revenues as (

    select
        cast(date_trunc('month', cast(orders.order_date as timestamp)) as date) as month,
        sum(case when orders.is_revenue then orders.order_value else 0 end) as revenue
    from gold.fact_orders as orders
    {% if 'sellers' in used %}left join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key{% endif %}
    where {{ condition }}
    group by 1

),

span as (

    select
        min(month) as first_month,
        max(month) as last_month
    from revenues

),

months as (

    select
        calendar.month_start_date as month,
        max(revenues.revenue) as revenue
    from gold.dim_date as calendar
    inner join span on calendar.month_start_date between span.first_month and span.last_month
    left join revenues on calendar.month_start_date = revenues.month
    group by calendar.month_start_date

)

select
    months.month as dimension,
    months.revenue - nullif(before.revenue, 0) as revenue_change,
    (months.revenue - before.revenue) / nullif(before.revenue, 0) as revenue_growth,
    nullif(year_before.revenue, 0) as revenue_year_before,
    1.2 * nullif(year_before.revenue, 0) as revenue_target
from months
left join months as before on before.month = months.month - interval '1 month'
left join months as year_before on year_before.month = months.month - interval '1 year'
