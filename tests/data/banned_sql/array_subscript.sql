select array_agg(price order by price)[1] as cheapest from items
