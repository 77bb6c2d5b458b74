"""How a layer changes for its readers: in one transaction, from one green version to the next.

New tables are built in a schema that nobody reads and moved into the served one. Tables are moved by name, so a statement that had
resolved half of its names could mix versions; therefore a publish first takes every lock that any reader of the layer could hold:

1. the layer's advisory lock, exclusively: whoever needs one version over several statements holds it shared (`hold`),
2. ACCESS EXCLUSIVE on all served tables at once, with a short time-out. Failing that, it lets go of everything and tries again, so
   that readers wait for at most `_ATTEMPT`, and for the move itself, and no deadlock can arise.

A statement under way therefore ends on the old version, one that begins sees the new one, and a transaction that has read one table of
the layer keeps its version for all of them. Views that others built on the served tables are pointed to the new ones.

`olist_meta.publications` records every version in the same transaction: what it was built from tells the next run what changed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg import sql

from olist.errors import AnotherRun, Busy
from olist.warehouse.additions import (
    DISPOSABLE,
    blocked,
    copy_to_staged,
    dependent_views,
    grant_again,
    granted,
    point_views,
    refuse_guards,
)
from olist.warehouse.roles import open_to_readers
from olist.warehouse.sql import statement, tables_in

__all__ = ["Layer", "Publication", "exclusive", "hold", "latest", "publish", "record_deliveries"]

Layer = Literal["silver", "gold"]

# The first key of the platform's advisory locks; the second names what is locked. docs/reading.md tells readers both.
LOCK_CLASS = 7411
LOCKS: Mapping[str, int] = {"run": 0, "silver": 1, "gold": 2}
_ATTEMPT = "250ms"
_READERS_STAY = (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled, psycopg.errors.DeadlockDetected)
_PAUSE = 0.05


@dataclass(frozen=True)
class Publication:
    """A version of a layer. `inputs` is what each table was built from: equal inputs give equal tables."""

    layer: Layer
    run_id: str
    inputs: Mapping[str, str]
    details: Mapping[str, Any]


@contextmanager
def hold(connection: psycopg.Connection, layer: Layer) -> Iterator[None]:
    """One version of the layer for as long as the block lasts. Enter it before the transaction takes its snapshot."""
    connection.execute("SELECT pg_advisory_lock_shared(%s, %s)", (LOCK_CLASS, LOCKS[layer]))
    try:
        yield
    finally:
        if not connection.closed and not connection.broken:
            connection.execute("SELECT pg_advisory_unlock_shared(%s, %s)", (LOCK_CLASS, LOCKS[layer]))


@contextmanager
def exclusive(connection: psycopg.Connection, wait: float) -> Iterator[None]:
    """The right to change the warehouse, for one run at a time, wherever the runs are. Raises AnotherRun after `wait` seconds."""
    deadline = time.monotonic() + wait
    while not _try_lock(connection, "run"):
        if time.monotonic() >= deadline:
            raise AnotherRun(
                "another run is changing this warehouse",
                resource=connection.info.dbname,
                expected=f"its end within {wait:g} s",
                found=_holders(connection, "run"),
                remedy="wait for it to end and run again; OLIST_LOCK_WAIT sets how long to wait",
            )
        time.sleep(0.2)
    try:
        yield
    finally:
        if not connection.closed and not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCK_CLASS, LOCKS["run"]))


def latest(connection: psycopg.Connection, layer: Layer) -> Publication | None:
    """The layer's published version, None before the first."""
    connection.execute(statement("olist_meta"))
    row = connection.execute(
        "SELECT run_id, inputs, details FROM olist_meta.publications WHERE layer = %s ORDER BY version DESC LIMIT 1",
        (layer,),
    ).fetchone()
    return Publication(layer, *row) if row else None


def record_deliveries(connection: psycopg.Connection, arrived: Mapping[str, datetime | None]) -> None:
    """Record when each table's last accepted delivery arrived, for `dbt source freshness`."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO olist_meta.deliveries (table_name, loaded_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [(table, at) for table, at in arrived.items() if at is not None],
        )


def publish(
    connection: psycopg.Connection,
    publication: Publication,
    *,
    staged: str,
    tables: Sequence[str],
    retired: Sequence[str] = (),
    wait: float,
) -> None:
    """Move `tables` from schema `staged` into the layer's schema and drop the `retired` ones, all or nothing.

    Raises Busy when readers of the old version do not end within `wait` seconds, PublishBlocked when what others added to the layer
    cannot follow; the old version then stands.
    """
    copy_to_staged(connection, publication.layer, staged, tables)  # while readers read: it takes its time
    deadline = time.monotonic() + wait
    while True:
        try:
            with connection.transaction():
                _lock_readers_out(connection, publication.layer, [*tables, *retired])
                _move(connection, publication.layer, staged, tables, retired)
                connection.execute(
                    "INSERT INTO olist_meta.publications (layer, run_id, inputs, details) VALUES (%s, %s, %s, %s)",
                    (
                        publication.layer,
                        publication.run_id,
                        json.dumps(publication.inputs),
                        json.dumps(publication.details),
                    ),
                )
            return
        except (psycopg.errors.DependentObjectsStillExist, psycopg.errors.InsufficientPrivilege) as error:
            raise blocked(publication.layer, str(error).strip()) from error
        except _READERS_STAY as error:
            if time.monotonic() >= deadline:
                raise Busy(
                    "readers hold on to the published version",
                    resource=publication.layer,
                    expected=f"their transactions to end within {wait:g} s",
                    found=_holders(connection, publication.layer),
                    remedy="end these sessions (pg_terminate_backend) and run again; the old version stands",
                ) from error
            time.sleep(_PAUSE)


def _lock_readers_out(connection: psycopg.Connection, layer: Layer, moved: Sequence[str]) -> None:
    connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(_ATTEMPT))
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK_CLASS, LOCKS[layer]))
    # Views in the order in which their readers lock them, the outermost first and tables last. LOCK TABLE on a view would also lock
    # what else it reads; moving it to where it is locks nothing but the view.
    for schema, view, _ in reversed(dependent_views(connection, layer, moved)):
        connection.execute(
            sql.SQL("ALTER VIEW {} SET SCHEMA {}").format(sql.Identifier(schema, view), sql.Identifier(schema))
        )
    served = tables_in(connection, layer)
    if served:
        names = sql.SQL(", ").join(sql.Identifier(layer, name) for name in served)
        # lock_timeout counts anew for each table. Were the sum to exceed deadlock_timeout (1 s), a reader could be ended for a deadlock.
        connection.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(_ATTEMPT))
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
        connection.execute("SET LOCAL statement_timeout TO DEFAULT")


def _move(
    connection: psycopg.Connection, layer: Layer, staged: str, tables: Sequence[str], retired: Sequence[str]
) -> None:
    served = set(tables_in(connection, layer))
    old = [name for name in [*tables, *retired] if name in served]
    views = dependent_views(connection, layer, old)
    grants = granted(connection, layer, staged, old)
    refuse_guards(connection, layer, old)
    copy_to_staged(connection, layer, staged, tables)  # what was made since
    for view_schema, view_name, _ in views:
        if view_schema in DISPOSABLE:
            connection.execute(sql.SQL("DROP VIEW IF EXISTS {} CASCADE").format(sql.Identifier(view_schema, view_name)))
    connection.execute("CREATE SCHEMA olist_retired")
    for name in old:
        _set_schema(connection, layer, name, "olist_retired")
    for name in tables:
        _set_schema(connection, staged, name, layer)
    point_views(connection, layer, views)
    grant_again(connection, layer, grants)
    open_to_readers(connection, layer, tables)
    if old:
        connection.execute(
            sql.SQL("DROP TABLE {}").format(sql.SQL(", ").join(sql.Identifier("olist_retired", name) for name in old))
        )
    connection.execute("DROP SCHEMA olist_retired")


def _set_schema(connection: psycopg.Connection, schema: str, table: str, target: str) -> None:
    connection.execute(
        sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(sql.Identifier(schema, table), sql.Identifier(target))
    )


def _try_lock(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCK_CLASS, LOCKS[name])).fetchone()
    return bool(row and row[0])


def _holders(connection: psycopg.Connection, name: str) -> str:
    rows = connection.execute(
        statement("lock_holders"), {"class": LOCK_CLASS, "key": LOCKS[name], "schema": name}
    ).fetchall()
    return "; ".join(_holder(*row) for row in rows) or "none now"


def _holder(pid: int, user: str, application: str | None, since: datetime | None) -> str:
    """A session, for people. PostgreSQL hides from an ordinary user when another user's began."""
    named = f"pid {pid}, {user}, {application or 'no name'}"
    return named if since is None else f"{named}, since {since:%H:%M:%S}"
