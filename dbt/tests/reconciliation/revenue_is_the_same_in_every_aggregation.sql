-- Whichever way revenue is cut, it adds up to the same. Returns the aggregations that differ from fact_orders.
{{ config(meta={'kind': 'reconciliation'}) }}

{% set aggregations = [
    'agg_daily_revenue', 'agg_monthly_kpis', 'agg_regions', 'agg_customer_segments', 'agg_cohorts', 'agg_seller_performance',
    'agg_product_performance', 'agg_categories',
] %}

with

revenues as (

    {%- for aggregation in aggregations %}
    select
        '{{ aggregation }}' as aggregation,
        sum(revenue) as revenue
    from {{ ref(aggregation) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

fact as (

    select sum(order_value) as revenue
    from {{ ref('fact_orders') }}
    where is_revenue

)

select
    revenues.aggregation,
    revenues.revenue,
    fact.revenue as fact_revenue
from revenues
cross join fact
where coalesce(revenues.revenue, 0) <> coalesce(fact.revenue, 0)
