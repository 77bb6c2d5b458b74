-- Month by month, agg_monthly_kpis holds what agg_daily_revenue adds up to. Returns the months that differ.
{{ config(meta={'kind': 'reconciliation'}) }}

with

monthly as (

    select * from {{ ref('agg_monthly_kpis') }}

),

daily as (

    select
        {{ first_day('month', 'date') }} as month,
        sum(orders) as orders,
        sum(items) as items,
        sum(revenue) as revenue
    from {{ ref('agg_daily_revenue') }}
    group by {{ first_day('month', 'date') }}

)

select
    monthly.month,
    monthly.orders,
    daily.orders as daily_orders,
    monthly.revenue,
    daily.revenue as daily_revenue
from monthly
full outer join daily on monthly.month = daily.month
where
    monthly.month is null
    or daily.month is null
    or monthly.orders <> daily.orders
    or monthly.items <> daily.items
    or monthly.revenue <> daily.revenue
