"""How fast the agent is on SQLite: ten thousand new events in one pass, and from a pushed event to its alert.

    .venv/bin/python benchmarks/agent.py

The goals are 10 s and 2 s. Beside each stands what bare SQLite takes for the same rows on the same machine, so that a slow machine shows.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from fastapi.testclient import TestClient
from rich.console import Console

from openclaw.agent import Agent
from openclaw.assembly import build_agent
from openclaw.service import build_app
from openclaw.settings import Settings, load_settings
from opstore.store import Edge, Event, Opstore, event_id

_EVENTS, _CAUSES, _PUSHES = 10_000, 40, 20
_TOKEN = "of-the-benchmark"


say = Console(highlight=False, soft_wrap=True).print


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Opstore(Path(folder) / "opstore.sqlite")
        store.record_lineage("benchmark", _lineage())
        settings = load_settings(opstore=str(store.path), api_token=_TOKEN)
        agent = build_agent(settings, lambda text: None, store)
        agent.poll()
        say(f"{_EVENTS:,} events of {_CAUSES} causes")
        say(f"  bare insert          {_bare(Path(folder) / 'bare.sqlite'):6.2f} s")
        say(f"  recorded             {_timed(lambda: store.record_events(_events())):6.2f} s")
        began = time.perf_counter()
        done = agent.poll()
        say(
            f"  worked through       {time.perf_counter() - began:6.2f} s  ({done.events:,} events, {done.opened} incidents)"
        )
        took = sorted(_pushes(agent, settings))
        say(f"pushed event to alert  {took[len(took) // 2]:6.2f} s median, {took[-1]:.2f} s worst of {len(took)}")
        say(f"pass with nothing new  {_timed(agent.poll):6.2f} s")


def _lineage() -> list[Edge]:
    chain = ("source", "bronze", "silver", "gold", "report")
    return [
        Edge(f"{above}.t{n}", f"{below}.t{n}", "model") for n in range(_CAUSES * 5) for above, below in pairwise(chain)
    ]


def _events() -> list[Event]:
    layers = ("bronze", "silver", "gold")
    return [
        Event(
            event_id("benchmark", str(n)),
            "DATA_QUALITY_FAILED",
            f"{layers[n % 3]}.t{n // 3 % _CAUSES}",
            f"null value in column order_id violates a rule in row {n}",
            "not_null(order_id)",
            f"run{n // 500}",
            {"kind": "test", "columns": ["order_id"], "category": "null_violation", "count": n},
        )
        for n in range(_EVENTS)
    ]


def _bare(path: Path) -> float:
    rows = [(e.event_id, e.type, e.resource, e.message, json.dumps(dict(e.evidence))) for e in _events()]

    def insert() -> None:
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE events (id TEXT PRIMARY KEY, type, resource, message, evidence)")
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
        connection.close()

    return _timed(insert)


def _pushes(agent: Agent, settings: Settings) -> list[float]:
    took = []
    with TestClient(build_app(agent, settings), headers={"Authorization": f"Bearer {_TOKEN}"}) as client:
        for number in range(_PUSHES):
            event = {
                "type": "PIPELINE_FAILED",
                "resource": f"step:s{number}",
                "message": f"connection refused by host{number}",
            }
            began = time.perf_counter()
            answer = client.post("/events", json=event).json()
            took.append(time.perf_counter() - began)
            assert answer["poll"]["alerts_sent"] + answer["poll"]["alerts_edited"] > 0, answer
    return took


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
