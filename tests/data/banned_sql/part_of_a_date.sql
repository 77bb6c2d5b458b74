select extract(dow from order_date) as weekday from orders
