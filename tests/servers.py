"""What tests do to embedded servers: ask them, write to them, wait for them, and stop those that are left."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg

from olist.warehouse import embedded

__all__ = ["ROOT", "STARTER", "ask", "gone", "stop_all", "wait_for", "write"]

ROOT = os.geteuid() == 0
STARTER = "import sys; from pathlib import Path; from olist.warehouse.embedded import start; start(Path(sys.argv[1]))"


def ask(url: str, query: str) -> object:
    """The first value of the query's first row."""
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def write(url: str, value: int) -> None:
    """Commit the value to a table of its own, `kept`."""
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists kept (value int)")
        connection.execute("insert into kept values (%s)", [value])


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def stop_all(folder: Path) -> None:
    """Stop every server whose home lies below the folder."""
    for place in folder.rglob("postgres"):
        if (place / "data").is_dir():
            embedded.stop(place.parent)
