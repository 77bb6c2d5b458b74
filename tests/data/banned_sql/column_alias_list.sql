select n from (select 1) as numbers (n)
