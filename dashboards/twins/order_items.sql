select
    {{ dimension }} as dimension,
    sum(case when items.is_revenue then items.order_value else 0 end) as sales,
    count(distinct items.seller_key) filter (where items.is_revenue) as active_sellers,
    count(items.is_handed_over_on_time) as handed_over_items,
    count(*) filter (where items.is_handed_over_on_time) as items_handed_over_on_time,
    count(*) filter (where items.is_handed_over_on_time)::numeric
    / nullif(count(items.is_handed_over_on_time), 0) as handover_on_time_rate
from gold.fact_order_items as items
{% if 'orders' in used %}left join gold.fact_orders as orders on items.order_id = orders.order_id{% endif %}
{% if 'products' in used %}left join gold.dim_products as products on items.product_key = products.product_key{% endif %}
{% if 'sellers' in used %}left join gold.dim_sellers as sellers on items.seller_key = sellers.seller_key{% endif %}
where {{ condition }}
{{ grouping }}
