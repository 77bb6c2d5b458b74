"""Published tables as Arrow, typed as PostgreSQL has them."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from olist.warehouse.connect import bulk_connection
from olist.warehouse.roles import PRIVATE_TABLES
from olist.warehouse.sql import statement

__all__ = ["Served", "read", "served_tables"]

# A numeric without a declared size takes BigQuery's NUMERIC, which both sides hold exactly.
_PRECISION, _SCALE = 38, 9


@dataclass(frozen=True)
class Served:
    """A table that readers see, and its columns: (name, decimal type or None where Arrow has the type from the driver)."""

    layer: str
    table: str
    columns: tuple[tuple[str, pa.Decimal128Type | None], ...]


def served_tables(connection: psycopg.Connection, layer: str) -> list[Served]:
    """The layer's tables, without those that are the loader's own."""
    tables: dict[str, list[tuple[str, pa.Decimal128Type | None]]] = {}
    for table, column, kind, precision, scale in connection.execute(statement("columns"), {"schema": layer}):
        decimal = (
            pa.decimal128(precision or _PRECISION, _SCALE if precision is None else scale)
            if kind == "numeric"
            else None
        )
        tables.setdefault(table, []).append((column, decimal))
    return [Served(layer, t, tuple(columns)) for t, columns in tables.items() if t not in PRIVATE_TABLES]


def read(url: str, served: Served) -> pa.Table:
    """All rows. ADBC hands numeric over as text of a type of its own, so it is asked for as text and made decimal here, exactly."""
    chosen = sql.SQL(", ").join(
        sql.SQL("{0}::text AS {0}" if decimal else "{}").format(sql.Identifier(name))
        for name, decimal in served.columns
    )
    query = sql.SQL("SELECT {} FROM {}").format(chosen, sql.Identifier(served.layer, served.table))
    with bulk_connection(url) as bulk, bulk.cursor() as cursor:
        cursor.execute(query.as_string())
        table = cursor.fetch_arrow_table()
    for index, (name, decimal) in enumerate(served.columns):
        if decimal:
            table = table.set_column(index, name, pc.cast(table.column(index), decimal))
    return table
