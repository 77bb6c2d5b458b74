"""The `olist` command with something killed at one point of its work: `saboteur.py POINT WHEN NTH VICTIM ARGUMENTS…`.

POINT is a function (`module:name` or `module:Class.name`), WHEN is before or after its NTH call, VICTIM is the run itself, the embedded
server's postmaster, or the server's process that works for the run. The product's code is as it is: the function is only wrapped.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import psycopg

from olist.cli import app
from olist.settings import load_settings
from olist.warehouse import embedded
from servers import gone, wait_for

__all__ = ["backends_of_runs", "kill"]


def kill(victim: str) -> None:
    """SIGKILL to this process (`run`), to the postmaster or to a backend of its home's server."""
    if victim == "run":
        os.kill(os.getpid(), signal.SIGKILL)
    server = embedded.running(load_settings().home)
    assert server is not None
    backends = backends_of_runs(server)
    os.kill(server.pid if victim == "postmaster" else backends[0], signal.SIGKILL)
    # A backend notices its postmaster's death when it next waits; until then it could go on to commit.
    wait_for(lambda: gone(backends[0]))


def backends_of_runs(server: embedded.Server) -> list[int]:
    """The server's processes that work for `olist` commands or for dbt, the one that publishes first."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            " ORDER BY application_name <> 'olist run', pid"
        )
        return [pid for (pid,) in rows]


def _wrapped(function: Callable[..., Any], when: str, nth: int, victim: str) -> Callable[..., Any]:
    calls = itertools.count(1)

    def call(*arguments: Any, **named: Any) -> Any:
        number = next(calls)
        if number == nth and when == "before":
            kill(victim)
        result = function(*arguments, **named)
        if number == nth and when == "after":
            kill(victim)
        return result

    return call


def _sabotage(point: str, when: str, nth: int, victim: str) -> None:
    module, path = point.split(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    setattr(owner, name, _wrapped(getattr(owner, name), when, nth, victim))


if __name__ == "__main__":
    _, point, when, nth, victim, *arguments = sys.argv
    _sabotage(point, when, int(nth), victim)
    app(arguments)
