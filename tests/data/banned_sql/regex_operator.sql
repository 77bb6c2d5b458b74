select * from items where name ~ '^a'
