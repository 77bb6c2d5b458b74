"""The agent's numbers in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from openclaw.sql import statement
from opstore.store import Opstore, utc_now

__all__ = ["metrics"]

_Sample = tuple[str, str, str, list[tuple[str, float]]]  # name, type, help, (labels, value)


def metrics(store: Opstore) -> str:
    """Incidents, runs and alerts of the last day, how long they took, and when the agent last looked."""
    lines: list[str] = []
    for name, kind, told, samples in _samples(store):
        lines += [f"# HELP openclaw_{name} {told}", f"# TYPE openclaw_{name} {kind}"]
        lines += [
            f"openclaw_{name}{{{labels}}} {value:g}" if labels else f"openclaw_{name} {value:g}"
            for labels, value in samples
        ]
    return "\n".join(lines) + "\n"


def _samples(store: Opstore) -> Iterator[_Sample]:
    rows = store.query(statement("open_by_severity"))
    counted = {row["severity"]: float(row["number"]) for row in rows}
    yield "open_incidents", "gauge", "Incidents that are not resolved.", [
        (f'severity="{s}"', counted.get(s, 0.0)) for s in ("P1", "P2")
    ]  # fmt: skip
    (day,) = store.query(statement("digest"), {"since": utc_now(-timedelta(hours=24))})
    for name in ("opened", "resolved"):
        yield f"incidents_{name}_24h", "gauge", f"Incidents {name} in the last 24 hours.", [("", float(day[name]))]
    yield "runs_24h", "gauge", "Runs begun in the last 24 hours.", [
        (f'status="{status}"', float(day[status])) for status in ("good", "failed", "lost")
    ]  # fmt: skip
    (waiting,) = store.query(statement("waiting"), {"since": utc_now(-timedelta(days=30))})
    yield "events_waiting", "gauge", "Events that had no effect yet.", [("", float(waiting["events"]))]
    yield "alerts_waiting", "gauge", "Alerts that are recorded and not sent.", [("", float(waiting["alerts"]))]
    if waiting["last_poll"]:
        at = datetime.fromisoformat(waiting["last_poll"]).timestamp()
        yield (
            "last_poll_timestamp_seconds",
            "gauge",
            "When the last pass ended; silence after it is no health.",
            [("", at)],
        )
