"""TCP for those who ask for it: a port of the loopback that is free, and a password."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

from olist.errors import WarehouseUnavailable
from olist.warehouse.embedded.failures import server_errors
from olist.warehouse.embedded.server import NAME, Server

__all__ = ["busy_port", "require_free", "set_password"]


def require_free(port: int) -> None:
    """Raises WarehouseUnavailable when the port cannot be opened."""
    with socket.socket() as probe:
        # As PostgreSQL does: connections that were closed do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise busy_port(port) from error


def busy_port(port: int) -> WarehouseUnavailable:
    """The error for a port that somebody else has."""
    return WarehouseUnavailable(
        f"TCP port {port} cannot be opened",
        resource=f"127.0.0.1:{port}",
        expected="a port that is free and that we may open",
        found="another program listening there, or a port reserved for root",
        remedy="choose another port with --port, or stop the program that listens there",
    )


def set_password(root: Path, server: Server) -> None:
    """Give the superuser the password of the `password` file, generated on first use."""
    import psycopg  # slow, and needed for nothing else

    path = root / "password"
    path.touch(mode=0o600)
    password = path.read_text().strip()
    if not password:  # none yet, or a starter killed before it wrote
        password = secrets.token_urlsafe(24)
        path.write_text(password)
    with (
        server_errors(root, psycopg.Error),
        psycopg.connect(server.url, autocommit=True, connect_timeout=10) as connection,
    ):
        connection.pgconn.change_password(NAME.encode(), password.encode())  # hashed here: never in a log
