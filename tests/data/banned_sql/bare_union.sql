select order_id from items union select order_id from payments
