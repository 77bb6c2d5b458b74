select
    items.order_id,
    items.order_item_id,
    items.order_date,
    sellers.seller_id,
    products.category,
    items.item_value,
    items.freight_value,
    items.order_value,
    items.is_handed_over_on_time
from gold.fact_order_items as items
left join gold.fact_orders as orders on items.order_id = orders.order_id
left join gold.dim_products as products on items.product_key = products.product_key
left join gold.dim_sellers as sellers on items.seller_key = sellers.seller_key
where {{ condition }}
order by items.order_date desc, items.order_id asc, items.order_item_id asc
