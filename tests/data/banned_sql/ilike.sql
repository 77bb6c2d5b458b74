select * from items where name ilike 'a%'
