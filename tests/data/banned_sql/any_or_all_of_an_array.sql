select * from items where order_id = any (wanted)
