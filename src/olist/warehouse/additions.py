"""What others added to the tables of a layer: it follows them to the new ones, or it blocks the publish.

Views, grants, indexes, check constraints and comments follow. Row security, triggers and rules cannot: a table without them would show or
do what they forbid.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from olist.errors import PublishBlocked
from olist.warehouse.sql import statement

__all__ = [
    "DISPOSABLE",
    "blocked",
    "copy_to_staged",
    "dependent_views",
    "grant_again",
    "granted",
    "point_views",
    "refuse_guards",
]

# Views in these schemas are rebuilt by every gold build and served to nobody.
DISPOSABLE = frozenset({"staging", "intermediate"})
# What an index or a constraint says of rows or columns that it cannot be of; the last are psycopg's OperationalErrors, as an outage is.
_UNFIT = (
    psycopg.ProgrammingError,
    psycopg.IntegrityError,
    psycopg.DataError,
    psycopg.NotSupportedError,
    psycopg.errors.ProgramLimitExceeded,
)
View = tuple[str, str, str]  # schema, name, definition
# Table, column, privilege, grantee (None: PUBLIC), with grant option.
Grant = tuple[str, str | None, str, str | None, bool]


def blocked(layer: str, found: str) -> PublishBlocked:
    """The error that names what stands in the way."""
    return PublishBlocked(
        "something that others built on the published tables cannot follow the new version",
        resource=layer,
        expected="views that this user owns, indexes and constraints, whose columns all still exist, with their types, and whose rows fit",
        found=found,
        remedy="drop or change what is named here and run again; the old version stands",
    )


def refuse_guards(connection: psycopg.Connection, layer: str, tables: Sequence[str]) -> None:
    """Raises PublishBlocked where row security, triggers or rules are on the tables."""
    rows = connection.execute(statement("guards"), {"schema": layer, "tables": list(tables)}).fetchall()
    if rows:
        raise PublishBlocked(
            "the published tables have row security, triggers or rules, which a new version would be without",
            resource=layer,
            expected="tables without them",
            found="; ".join(named for (named,) in rows),
            remedy="drop them, choose the rows in a view over the table (by current_user) and grant it in the table's stead, "
            "then run again; the old version stands",
        )


def copy_to_staged(connection: psycopg.Connection, layer: str, staged: str, tables: Sequence[str]) -> None:
    """Put the indexes, check constraints and comments of others on the served tables on the staged ones. Doing so again changes nothing.

    Raises PublishBlocked where one does not fit the new table.
    """
    parameters = {"schema": layer, "staged": staged, "tables": list(tables)}
    for named, definition in connection.execute(statement("additions"), parameters).fetchall():
        try:
            connection.execute(definition)
        except _UNFIT as error:
            raise blocked(layer, f"{named}: {str(error).strip()}") from error


def granted(connection: psycopg.Connection, layer: str, staged: str, tables: Sequence[str]) -> list[Grant]:
    """What others may do with the served tables and with those of their columns that the staged ones have, too."""
    parameters = {"schema": layer, "staged": staged, "tables": list(tables)}
    return connection.execute(statement("grants"), parameters).fetchall()


def grant_again(connection: psycopg.Connection, layer: str, grants: Sequence[Grant]) -> None:
    """Give the tables that now bear the names what the old ones gave."""
    for table, column, privilege, grantee, is_grantable in grants:
        connection.execute(
            sql.SQL("GRANT {}{} ON {} TO {}{}").format(
                sql.SQL(privilege),
                sql.SQL(" ({})").format(sql.Identifier(column)) if column else sql.SQL(""),
                sql.Identifier(layer, table),
                sql.SQL("PUBLIC") if grantee is None else sql.Identifier(grantee),
                sql.SQL(" WITH GRANT OPTION" if is_grantable else ""),
            )
        )


def dependent_views(connection: psycopg.Connection, layer: str, tables: Sequence[str]) -> list[View]:
    """Views on the tables, those that others read first."""
    return connection.execute(statement("dependent_views"), {"schema": layer, "tables": list(tables)}).fetchall()


def point_views(connection: psycopg.Connection, layer: str, views: Sequence[View]) -> None:
    """To the tables that now bear the names in their definitions. Raises PublishBlocked where one cannot follow."""
    for schema, view, definition in views:
        if schema not in DISPOSABLE:
            target = sql.Identifier(schema, view)
            try:
                connection.execute(sql.SQL("CREATE OR REPLACE VIEW {} ").format(target) + sql.SQL(definition))
            except psycopg.ProgrammingError as error:
                raise blocked(layer, f"view {schema}.{view}: {str(error).strip()}") from error
