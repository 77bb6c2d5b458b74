select cast(price as numeric(12, 2)) as price from items
