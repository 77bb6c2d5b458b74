select {{ count_if("price::int > 5") }} as dear from items
