-- The average order value of a month, times its orders, is its revenue but for rounding. Returns the months of which that is not so.
{{ config(meta={'kind': 'business_rule'}) }}

select *
from {{ ref('agg_monthly_kpis') }}
where
    abs(revenue - average_order_value * orders) > 0.005 * orders
    or (average_order_value is null) <> (orders = 0)
