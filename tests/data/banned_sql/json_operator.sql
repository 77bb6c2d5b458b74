select payload -> 'price' as price from items
