select "price" from items
