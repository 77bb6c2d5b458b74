select distinct on (order_id) order_id, price from items order by order_id, price
