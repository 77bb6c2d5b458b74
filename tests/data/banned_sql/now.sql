select now() as at
