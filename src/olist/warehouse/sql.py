"""The warehouse's statements, each in a file of its own under `statements/`, and the tables of a schema."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import psycopg

__all__ = ["statement", "tables_in"]


@cache
def statement(name: str) -> str:
    """The text of `statements/<name>.sql`."""
    return files("olist.warehouse").joinpath("statements", f"{name}.sql").read_text(encoding="utf-8")


def tables_in(connection: psycopg.Connection, schema: str) -> list[str]:
    """The names of a schema's tables, sorted."""
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename", (schema,)
    ).fetchall()
    return [name for (name,) in rows]
