select * from items where (order_id, item_id) in (select order_id, item_id from sold)
