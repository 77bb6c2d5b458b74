select ordered_at + interval '1 day' as next_day from orders
