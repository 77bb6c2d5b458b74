"""Connections to the warehouse: psycopg for statements, ADBC for bulk loads, and the embedded server where no URL is set."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import adbc_driver_manager as adbc
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from olist.errors import WarehouseUnavailable
from olist.settings import Settings
from olist.warehouse import embedded

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection as BulkConnection

__all__ = ["bulk_connection", "connect", "libpq_environment", "warehouse_errors", "warehouse_url"]

MINIMUM_VERSION = 150000
_CONNECT_SECONDS = 10
_DISK_FULL = "53100"


def warehouse_url(settings: Settings) -> str:
    """The warehouse's libpq URL; starts the embedded server when no other is set. Raises WarehouseUnavailable."""
    return settings.warehouse or embedded.start(settings.home).url


@contextmanager
def connect(url: str, name: str) -> Iterator[psycopg.Connection]:
    """An autocommit connection that shows as `olist <name>` in pg_stat_activity.

    Raises WarehouseUnavailable when the server cannot be reached, is older than 15, or goes away.
    """
    with (
        warehouse_errors(url),
        psycopg.connect(
            url, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name=f"olist {name}"
        ) as connection,
    ):
        if connection.info.server_version < MINIMUM_VERSION:
            raise WarehouseUnavailable(
                "the warehouse is too old",
                resource=_shown(url),
                expected="PostgreSQL 15 or newer",
                found=str(connection.info.server_version // 10000),
                remedy="upgrade it, or point OLIST_WAREHOUSE to another",
            )
        connection.execute("SET timezone = 'UTC'")
        yield connection


@contextmanager
def bulk_connection(url: str) -> Iterator[BulkConnection]:
    """An ADBC connection. Its clones are transactions of their own and spare the look-up of all types that a new connection makes."""
    from adbc_driver_postgresql.dbapi import connect as bulk_connect  # slow to import, and only silver needs it

    with warehouse_errors(url), bulk_connect(url) as connection:
        yield connection


@contextmanager
def warehouse_errors(url: str) -> Iterator[None]:
    """Turns a driver's loss of its server into WarehouseUnavailable; other database errors pass."""
    started = time.monotonic()
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise WarehouseUnavailable(
            "the warehouse refuses this user",
            resource=_shown(url),
            expected="a user that owns the database, or may create schemas in it",
            found=str(error).strip(),
            remedy='as its owner: GRANT CREATE ON DATABASE "<database>" TO "<user>"',
        ) from error
    except (psycopg.OperationalError, adbc.OperationalError, adbc.InternalError) as error:
        full = error.sqlstate == _DISK_FULL
        raise WarehouseUnavailable(
            "the warehouse has no space left" if full else "the warehouse cannot be reached, or went away",
            resource=_shown(url),
            expected="a PostgreSQL that answers and lets this user work",
            found=f"{str(error).strip()} (after {time.monotonic() - started:.1f} s)",
            remedy=f"{'free some space there' if full else 'see that it runs'}, then run again: nothing was published by halves",
        ) from error


def libpq_environment(connection: psycopg.Connection) -> dict[str, str]:
    """What reaches the same database, as libpq's environment variables, for programs such as dbt."""
    info = connection.info
    variables = {
        "PGHOST": info.host,
        "PGPORT": str(info.port),
        "PGUSER": info.user,
        "PGPASSWORD": info.password,
        "PGDATABASE": info.dbname,
    }
    return {name: value for name, value in variables.items() if value}


def _shown(url: str) -> str:
    """The URL as a connection string, without its password."""
    parts = conninfo_to_dict(url)
    parts.pop("password", None)
    return make_conninfo("", **parts)
