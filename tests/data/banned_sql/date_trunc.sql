select date_trunc('month', ordered_at) as first_day from orders
