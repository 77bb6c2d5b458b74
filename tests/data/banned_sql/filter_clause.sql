select count(*) filter (where price > 5) as dear from items
