"""`python -m olist` is the `olist` command."""

from olist.cli import app

app()
