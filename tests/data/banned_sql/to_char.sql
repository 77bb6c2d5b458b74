select to_char(ordered_at, 'YYYY-MM') as month_name from orders
