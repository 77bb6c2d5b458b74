select pg_catalog.abs(price) as price from items
