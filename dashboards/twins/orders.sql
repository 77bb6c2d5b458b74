select
    {{ dimension }} as dimension,
    count(*) as placed_orders,
    count(*) filter (where orders.is_revenue) as orders,
    count(*) filter (where orders.is_canceled) as canceled_orders,
    count(*) filter (where orders.is_canceled)::numeric / nullif(count(*), 0) as cancellation_rate,
    sum(case when orders.is_revenue then orders.order_value else 0 end) as revenue,
    sum(case when orders.is_revenue then orders.item_value else 0 end) as item_value,
    sum(case when orders.is_revenue then orders.freight_value else 0 end) as freight_value,
    sum(case when orders.is_revenue then orders.items else 0 end) as items,
    sum(orders.order_value) filter (where orders.is_revenue)
    / nullif(count(*) filter (where orders.is_revenue), 0) as average_order_value,
    sum(orders.freight_value) filter (where orders.is_revenue)
    / nullif(sum(orders.order_value) filter (where orders.is_revenue), 0) as freight_share,
    count(distinct orders.customer_key) filter (where orders.is_revenue) as buyers,
    count(*) filter (where orders.customer_purchase_number = 1) as new_buyers,
    count(distinct orders.customer_key) filter (where orders.is_revenue)
    - count(*) filter (where orders.customer_purchase_number = 1) as returning_buyers,
    count(*) filter (where orders.is_delivered) as delivered_orders,
    count(orders.is_on_time) as orders_of_known_delivery,
    count(*) filter (where orders.is_on_time) as on_time_orders,
    count(*) filter (where not orders.is_on_time) as late_orders,
    count(*) filter (where orders.is_on_time)::numeric / nullif(count(orders.is_on_time), 0) as on_time_rate,
    avg(orders.delivery_days) as average_delivery_days,
    count(orders.had_problem) as judged_orders,
    count(*) filter (where orders.had_problem) as problem_orders,
    count(*) filter (where orders.had_problem)::numeric / nullif(count(orders.had_problem), 0) as problem_rate,
    count(*) filter (where orders.risk_level in ('high', 'critical')) as risky_orders,
    count(*) filter (where orders.risk_level in ('high', 'critical'))::numeric / nullif(count(*), 0) as risky_share,
    max(orders.purchased_at) as last_order_at
from gold.fact_orders as orders
{% if 'states' in used %}left join gold.agg_regions as states on orders.customer_state = states.state{% endif %}
{% if 'sellers' in used %}left join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key{% endif %}
where {{ condition }}
{{ grouping }}
