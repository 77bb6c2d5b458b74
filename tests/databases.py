"""Platforms for as long as a block lasts, for fixtures that outlive one test."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from conftest import Platform
from olist.warehouse import embedded

__all__ = ["embedded_platform", "owned_platform"]


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
def _home() -> Iterator[Path]:
    """A folder that a server's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="olist-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
