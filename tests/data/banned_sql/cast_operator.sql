select price::numeric as price from items
