select number % 7 as weekday from days
