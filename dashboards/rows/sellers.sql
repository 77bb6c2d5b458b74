select
    sellers.seller_id,
    sellers.state,
    count(*) as items,
    sum(items.order_value) as sales,
    min(items.order_date) as first_order_date,
    max(items.order_date) as last_order_date
from gold.fact_order_items as items
left join gold.fact_orders as orders on items.order_id = orders.order_id
left join gold.dim_products as products on items.product_key = products.product_key
left join gold.dim_sellers as sellers on items.seller_key = sellers.seller_key
where {{ condition }}
group by sellers.seller_id, sellers.state
order by sales desc, sellers.seller_id asc
