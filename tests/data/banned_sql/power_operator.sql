select side ^ 2 as area from squares
