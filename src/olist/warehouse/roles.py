"""Who may do what: the owner owns, loaders act as the owner, readers read what is served and nothing else.

The roles belong to the server and are made once, by somebody who may create roles (`olist warehouse roles`). Where the reader role
exists, every publish lets it read the new tables, except those that are the loader's own (silver's rejects); stage schemas are never
opened. Without the roles the user who runs the platform owns everything and grants as they please: grants on tables survive a publish.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import psycopg
from psycopg import sql

from olist.errors import WarehouseUnavailable
from olist.warehouse.sql import statement

__all__ = ["PRIVATE_TABLES", "READER", "Role", "create_roles", "grant_role", "open_to_readers"]

Role = Literal["loader", "reader"]
OWNER, READER = "olist_owner", "olist_reader"
PRIVATE_TABLES = frozenset({"rejects"})


def create_roles(connection: psycopg.Connection) -> None:
    """Make the three roles where they are missing, hand what is published to the owner, and open it to readers.

    Raises WarehouseUnavailable when this user may not create roles.
    """
    try:
        connection.execute(statement("roles"))
        for schema, table in _published(connection):
            connection.execute(
                sql.SQL("ALTER TABLE {} OWNER TO {}").format(sql.Identifier(schema, table), sql.Identifier(OWNER))
            )
        for schema in ("olist_meta", "silver", "gold", "staging", "intermediate"):
            if _exists(connection, schema):
                connection.execute(
                    sql.SQL("ALTER SCHEMA {} OWNER TO {}").format(sql.Identifier(schema), sql.Identifier(OWNER))
                )
    except psycopg.errors.InsufficientPrivilege as error:
        raise WarehouseUnavailable(
            "this user may not create the platform's roles",
            resource=connection.info.user,
            expected="a superuser, or a user with CREATEROLE who owns what is published",
            found=str(error).strip(),
            remedy="run `olist warehouse roles` once with OLIST_WAREHOUSE set to such a user's URL",
        ) from error
    for schema in ("silver", "gold"):
        if _exists(connection, schema):
            open_to_readers(connection, schema, [t for s, t in _published(connection) if s == schema])


def grant_role(connection: psycopg.Connection, role: Role, user: str) -> None:
    """Make `user` a loader or a reader. A loader's sessions begin as the owner."""
    name = sql.Identifier(user)
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(f"olist_{role}"), name))
    if role == "loader":
        connection.execute(
            sql.SQL("ALTER ROLE {} IN DATABASE {} SET role = {}").format(
                name, sql.Identifier(connection.info.dbname), sql.Literal(OWNER)
            )
        )


def open_to_readers(connection: psycopg.Connection, schema: str, tables: Iterable[str]) -> None:
    """Let readers read the served tables, where the reader role exists."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (READER,)).fetchone() is None:
        return
    reader = sql.Identifier(READER)
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), reader))
    for table in tables:
        if table not in PRIVATE_TABLES:
            connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(schema, table), reader))


def _published(connection: psycopg.Connection) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('olist_meta', 'silver', 'gold')"
    ).fetchall()


def _exists(connection: psycopg.Connection, schema: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone() is not None
