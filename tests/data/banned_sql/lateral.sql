select * from orders cross join lateral (select 1 as one) as x
