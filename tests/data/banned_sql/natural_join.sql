select * from orders natural left join items
