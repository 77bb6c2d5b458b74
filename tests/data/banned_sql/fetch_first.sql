select * from items order by price fetch first 5 rows only
