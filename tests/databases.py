"""Platforms for as long as a block lasts, for fixtures that outlive one test."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from conftest import Platform
from olist.dashboards.status import publish_status, status_rows
from olist.warehouse import embedded

__all__ = ["copied", "embedded_platform", "owned_platform", "served"]


@contextmanager
def embedded_platform() -> Iterator[Platform]:
    """A platform with an embedded server of its own, which is stopped afterwards."""
    with _home() as home:
        try:
            yield Platform(home, None)
        finally:
            embedded.stop(home)


@contextmanager
def owned_platform(server: embedded.Server) -> Iterator[Platform]:
    """A platform on `server`: a database owned by a role that is no superuser, reached over TCP; both are gone afterwards."""
    name, password = f"test_{secrets.token_hex(6)}", secrets.token_hex(8)
    role = sql.Identifier(name)
    with _home() as home:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER PASSWORD {}").format(role, password))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        try:
            yield Platform(home, f"postgresql://{name}:{password}@127.0.0.1:{server.port}/{name}")
        finally:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(role))
                connection.execute(sql.SQL("DROP ROLE {}").format(role))


@contextmanager
def copied(server: embedded.Server, original: Platform) -> Iterator[Platform]:
    """A platform as `original` is now, to do with as one likes: its home and its database are copies. Nobody may be connected there."""
    assert original.warehouse is not None
    address, _, source = original.warehouse.rpartition("/")
    owner, name = str(conninfo_to_dict(address)["user"]), f"test_{secrets.token_hex(6)}"
    with _home() as home:
        shutil.copytree(original.home, home, dirs_exist_ok=True)
        with psycopg.connect(server.url, autocommit=True) as connection:
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
            connection.execute(copy.format(*map(sql.Identifier, (name, source, owner))))
        try:
            yield replace(original, home=home, warehouse=f"{address}/{name}", environment={})
        finally:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def served(platform: Platform) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the platform's gold that can only read, once the platform's status is published there."""
    with psycopg.connect(platform.warehouse or "", autocommit=True) as connection:
        publish_status(connection, status_rows(platform.settings()))
        connection.execute("SET default_transaction_read_only = on; SET timezone = 'UTC'")
        yield connection


@contextmanager
def _home() -> Iterator[Path]:
    """A folder that a server's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="olist-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
