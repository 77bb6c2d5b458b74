select
    orders.order_id,
    orders.purchased_at,
    orders.order_status,
    orders.customer_state,
    sellers.seller_id,
    orders.order_value,
    orders.delivery_days,
    orders.delivery_delay_days,
    coalesce(orders.risk_level, 'not_scored') as risk_level
from gold.fact_orders as orders
left join gold.agg_regions as states on orders.customer_state = states.state
left join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key
where {{ condition }}
order by orders.purchased_at desc, orders.order_id asc
