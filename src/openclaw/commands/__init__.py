"""One module per group of sub-commands; each has `register(app)`."""
