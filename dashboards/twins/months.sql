with

months as (

    select
        cast(date_trunc('month', cast(orders.order_date as timestamp)) as date) as month,
        sum(orders.order_value) as revenue
    from gold.fact_orders as orders
    {% if 'sellers' in used %}left join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key{% endif %}
    where orders.is_revenue and {{ condition }}
    group by 1

)

select
    null as dimension,
    (array_agg(months.month order by months.revenue desc, months.month asc))[1] as best_month,
    max(months.revenue) as best_month_revenue
from months
