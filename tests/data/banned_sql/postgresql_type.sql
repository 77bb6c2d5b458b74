select cast(price as text) as price from items
