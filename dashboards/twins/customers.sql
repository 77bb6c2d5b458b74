-- A person, not a customer_id of the source: that is new with every order, and nobody would ever come back.
select
    {{ dimension }} as dimension,
    count(*) filter (where customers.purchases > 0) as people_who_bought,
    count(*) filter (where customers.is_repeat_customer) as people_who_came_back,
    count(*) filter (where customers.is_repeat_customer)::numeric
    / nullif(count(*) filter (where customers.purchases > 0), 0) as repeat_purchase_rate,
    1 - count(*) filter (where customers.is_repeat_customer)::numeric
    / nullif(count(*) filter (where customers.purchases > 0), 0) as one_time_share,
    sum(customers.revenue) as customer_revenue,
    sum(customers.revenue) / nullif(count(*) filter (where customers.purchases > 0), 0) as revenue_per_customer
from gold.dim_customers as customers
where customers.purchases > 0 and {{ condition }}
{{ grouping }}
