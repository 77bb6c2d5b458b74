select
    null as dimension,
    count(*) filter (where orders.risk_level = 'critical' and orders.had_problem)::numeric
    / nullif(count(orders.had_problem) filter (where orders.risk_level = 'critical'), 0) as critical_problem_rate,
    count(*) filter (where orders.risk_level = 'low' and orders.had_problem)::numeric
    / nullif(count(orders.had_problem) filter (where orders.risk_level = 'low'), 0) as low_problem_rate
from gold.fact_orders as orders
{% if 'sellers' in used %}left join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key{% endif %}
where {{ condition }}
