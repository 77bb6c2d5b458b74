select
    customers.customer_unique_id,
    customers.state,
    customers.segment,
    customers.first_purchase_date,
    customers.last_purchase_date,
    customers.purchases,
    customers.revenue
from gold.dim_customers as customers
where customers.purchases > 0 and {{ condition }}
order by customers.revenue desc, customers.customer_unique_id asc
