with

months as (

    select
        cast(date_trunc('month', orders.order_date) as date) as month,
        sum(orders.order_value) as revenue
    from gold.fact_orders as orders
    left join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key
    where orders.is_revenue and {{ condition }}
    group by 1

)

select
    null as dimension,
    (array_agg(months.month order by months.revenue desc, months.month asc))[1] as best_month,
    max(months.revenue) as best_month_revenue
from months
