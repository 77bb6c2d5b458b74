select current_date - order_date as age from orders
