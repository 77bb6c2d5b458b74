"""The staged tables: made from the contracts without constraints, filled by binary COPY, constrained once the audit has passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
from psycopg import sql

from olist.contracts import Contract

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection as BulkConnection

__all__ = ["REJECTS", "STAGE", "constrain", "load", "load_rejects", "prepare", "relate", "release"]

STAGE = "silver_stage"
REJECTS = "rejects"
_REJECTS_COLUMNS = {
    "table_name": "text",
    "reason": "text",
    "column_name": "text",
    "value": "text",
    "source_file": "text",
    "source_row": "bigint",
    "run_id": "text",
    "source_values": "text",
}


def prepare(connection: psycopg.Connection) -> None:
    """An empty stage. What a killed run left there is dropped."""
    connection.execute(f"DROP SCHEMA IF EXISTS {STAGE} CASCADE")
    connection.execute(f"CREATE SCHEMA {STAGE}")
    connection.execute("CREATE SCHEMA IF NOT EXISTS silver")


def load(bulk: BulkConnection, contract: Contract, rows: pa.RecordBatchReader) -> int:
    """Create and fill one staged table in one transaction, which spares its write-ahead log where wal_level allows. Returns the rows."""
    columns = {c.name: c.physical_type for c in contract.columns}
    return _fill(bulk, contract.table, columns, rows)


def load_rejects(bulk: BulkConnection, connection: psycopg.Connection, rejects: pa.Table, kept: list[str]) -> None:
    """Stage the rejected rows: those of the rebuilt tables, and, for the tables `kept`, those that are published."""
    _fill(bulk, REJECTS, _REJECTS_COLUMNS, rejects.to_reader())
    if kept:
        connection.execute(
            f"INSERT INTO {STAGE}.{REJECTS} SELECT * FROM silver.{REJECTS} WHERE table_name = ANY(%s)", (kept,)
        )


def constrain(connection: psycopg.Connection, contract: Contract) -> None:
    """Primary key, not null, and the planner's statistics."""
    table = sql.Identifier(STAGE, contract.table)
    required = [sql.SQL("ALTER {} SET NOT NULL").format(sql.Identifier(c.name)) for c in contract.columns if c.required]
    key = sql.SQL("ADD PRIMARY KEY ({})").format(sql.SQL(", ").join(map(sql.Identifier, contract.key)))
    constrained = sql.SQL("ALTER TABLE {} {}").format(table, sql.SQL(", ").join([*required, key]))
    about = sql.SQL("COMMENT ON TABLE {} IS {}").format(table, f"{contract.description} Grain: {contract.grain}.")
    comments = [
        sql.SQL("COMMENT ON COLUMN {} IS {}").format(sql.Identifier(STAGE, contract.table, c.name), c.description)
        for c in contract.columns
    ]
    analyzed = sql.SQL("ANALYZE {}").format(table)
    # Together, and so in one transaction: every commit waits for the disk.
    connection.execute(sql.SQL("; ").join([constrained, about, *comments, analyzed]))


def release(connection: psycopg.Connection) -> None:
    """Take off what a publish that was killed had put on the staged tables."""
    named = "SELECT conrelid::regclass::text, conname, contype FROM pg_constraint WHERE connamespace = %s::regnamespace"
    constraints = connection.execute(named, (STAGE,)).fetchall()
    for table, name, kind in sorted(constraints, key=lambda c: c[2]):  # f, foreign keys, before p, what they point to
        if kind in ("f", "p"):
            statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
            connection.execute(statement.format(sql.Identifier(*table.split(".")), sql.Identifier(name)))


def relate(connection: psycopg.Connection, contract: Contract, locations: Mapping[str, str]) -> None:
    """Foreign keys, once every parent has its primary key."""
    for column, reference in contract.references:
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {} ({})").format(
                sql.Identifier(STAGE, contract.table),
                sql.Identifier(column.name),
                sql.Identifier(locations[reference.table], reference.table),
                sql.Identifier(reference.column),
            )
        )


def _fill(bulk: BulkConnection, table: str, columns: Mapping[str, str], rows: pa.RecordBatchReader) -> int:
    definition = sql.SQL("CREATE TABLE {} ({})").format(
        sql.Identifier(STAGE, table),
        sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(physical)) for name, physical in columns.items()
        ),
    )
    with bulk.adbc_clone() as own, own.cursor() as cursor:
        cursor.execute(definition.as_string())
        count = cursor.adbc_ingest(table, rows, mode="append", db_schema_name=STAGE)
        own.commit()
    return count
