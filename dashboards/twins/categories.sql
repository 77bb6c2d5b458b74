with

categories as (

    select
        products.category,
        coalesce(sum(items.order_value) filter (where items.is_revenue), 0) as sales
    from gold.fact_order_items as items
    {% if 'orders' in used %}left join gold.fact_orders as orders on items.order_id = orders.order_id{% endif %}
    left join gold.dim_products as products on items.product_key = products.product_key
    {% if 'sellers' in used %}left join gold.dim_sellers as sellers on items.seller_key = sellers.seller_key{% endif %}
    where {{ condition }}
    group by products.category

)

select
    null as dimension,
    (array_agg(categories.category order by categories.sales desc, categories.category asc))[1] as leading_category,
    max(categories.sales) / nullif(sum(categories.sales), 0) as leading_category_share
from categories
