"""One reader's connection: it can only read, sees one version of gold for a whole page, and never waits for long.

Where the platform's reader role exists and this user may take it, the session becomes that role, and so cannot even see what it does not
serve. `NoGold` says that nothing was published yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql

from olist.warehouse.publish import hold
from olist.warehouse.roles import READER

__all__ = ["NoGold", "reading", "statement"]

_CONNECT_SECONDS = 5
_MAY_BE = "SELECT 1 FROM pg_roles WHERE rolname = %s AND pg_has_role(oid, %s)"
_SET_OPTION_SINCE = 160000


class NoGold(Exception):
    """The warehouse answers and holds no gold yet."""


@contextmanager
def reading(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A read-only transaction on one version of gold. Raises NoGold, or psycopg.OperationalError where the server does not answer."""
    with psycopg.connect(
        url, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="olist dashboard"
    ) as connection:
        connection.execute(statement("session"))
        _become_reader(connection)
        with hold(connection, "gold"), connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            if connection.execute("SELECT to_regclass('gold.fact_orders')").fetchone() == (None,):
                raise NoGold
            yield connection


def statement(name: str) -> bytes:
    """The text of one of this package's SQL files."""
    return files("olist.dashboards.web").joinpath("sql", f"{name}.sql").read_bytes()


def _become_reader(connection: psycopg.Connection[Any]) -> None:
    privilege = "SET" if connection.info.server_version >= _SET_OPTION_SINCE else "MEMBER"
    if connection.execute(_MAY_BE, (READER, privilege)).fetchone():
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(READER)))
