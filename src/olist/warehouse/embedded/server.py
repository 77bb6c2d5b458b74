"""The server as it is seen without touching it: its pid file, the live process that this names, and its addresses."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

__all__ = ["NAME", "Postmaster", "Server", "accepting", "postmaster"]

NAME = "olist"  # of the superuser and of the database
_PING_SECONDS = 2
_PING_PAUSE = 0.2  # every refusal is a line in the server's log


@dataclass(frozen=True)
class Server:
    """A server that accepts connections.

    `port` is TCP's when `tcp` is true, and always the ending of the socket's file name. `pid` is the postmaster's.
    """

    data_dir: Path
    socket_dir: Path
    port: int
    tcp: bool
    pid: int

    @property
    def url(self) -> str:
        """libpq URL over the unix socket, without a password."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.socket_dir), safe='')}&port={self.port}"

    @property
    def tcp_url(self) -> str | None:
        """libpq URL over 127.0.0.1 with the password in it; None while TCP is closed."""
        if not self.tcp:
            return None
        password = (self.data_dir.parent / "password").read_text().strip()
        return f"postgresql://{NAME}:{password}@127.0.0.1:{self.port}/{NAME}"


@dataclass(frozen=True)
class Postmaster:
    """A live server, ready or not, as its pid file describes it. What it did not write yet is empty.

    `address` is the first TCP address it listens on; `status` is starting, ready or stopping.
    """

    process: psutil.Process
    port: str
    socket_dir: Path
    address: str
    status: str


def postmaster(data: Path) -> Postmaster | None:
    """The live server that the pid file names. A number alone proves nothing: containers deal out small pids again."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    # Between them stand the data directory, the start time and the key of the shared memory.
    pid, _, _, port, socket_dir, address, _, status, *_ = [line.strip() for line in lines] + [""] * 8
    with suppress(ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(int(pid))
        if process.name() == "postgres" and str(data) in process.cmdline():
            return Postmaster(process, port, Path(socket_dir), address, status)
    return None


def accepting(data: Path) -> Server | None:
    """The live server once it takes connections."""
    found = postmaster(data)
    if found is None or found.status != "ready":
        return None
    server = Server(data, found.socket_dir, int(found.port), found.address == "127.0.0.1", found.process.pid)
    return server if _answers(server) else None


def _answers(server: Server) -> bool:
    """Whether it takes connections now. The pid file says ready all through the recovery from a backend's crash."""
    from psycopg.conninfo import make_conninfo  # slow, and of no use where no server runs
    from psycopg.pq import PGconn, Ping

    if PGconn.ping(make_conninfo(server.url, connect_timeout=_PING_SECONDS).encode()) == Ping.OK:
        return True
    time.sleep(_PING_PAUSE)
    return False
