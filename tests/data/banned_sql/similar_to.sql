select * from items where name similar to '(a|b)%'
