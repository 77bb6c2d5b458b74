-- Items of orders.
SELECT * FROM valid_order_items
