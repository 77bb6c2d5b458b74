"""What is new: events that had no effect yet, runs that never ended, and runs that never began.

There is no high-water mark. An event is new as long as it had no effect, so what a spool or another machine brings late is found, too.
Equal failures are collapsed into one signature, so that ten thousand events of three causes are three things to think about.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import yaml

from openclaw.artifacts.shapes import parsed
from openclaw.model import EVENT_TYPES, EventType, Failure
from openclaw.sql import statement
from opstore.store import Event, Opstore, event_id, utc_now

__all__ = [
    "Expected",
    "Sighting",
    "collapse",
    "load_expected",
    "new_events",
    "report_lost",
    "report_missed",
]

_LOST, _MISSED = "lost:", "missed"
_KINDS: frozenset[str] = frozenset(get_args(get_type_hints(Failure)["kind"]))
_STATUSES: frozenset[str] = frozenset(get_args(get_type_hints(Failure)["status"]))
_BY_TYPE: Mapping[str, tuple[str, str]] = {  # kind and status where the evidence does not say
    "DBT_RUN_FAILED": ("model", "error"),
    "DBT_TEST_FAILED": ("test", "fail"),
    "DBT_FRESHNESS_STALE": ("source", "stale"),
    "DBT_MODEL_SLOW": ("model", "warn"),
    "PIPELINE_FAILED": ("step", "error"),
}
# What differs between two occurrences of one failure: numbers, ids, times.
_VARYING = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27,}|\d+", re.IGNORECASE)
_TOLD = 400


@dataclass(frozen=True)
class Expected:
    """A step that must begin every so often: `every` and `grace` in seconds."""

    step: str
    every: float
    grace: float


@dataclass(frozen=True)
class Sighting:
    """Events of one signature. `failure` is the latest of them; `events` are (event_id, occurred_at), `runs` the runs they belong to."""

    signature: str
    failure: Failure
    events: tuple[tuple[str, str], ...]
    runs: frozenset[str]


def new_events(store: Opstore, *, lookback_days: int, most: int) -> list[dict[str, Any]]:
    """Events without an effect that were recorded within the last days, by the time when they happened; `most` of them at once."""
    since = utc_now(-timedelta(days=lookback_days))
    return store.query(statement("new_events"), {"since": since, "most": most})


def report_lost(store: Opstore, *, lookback_days: int) -> int:
    """Record an event for each run that is past its deadline without an end; returns how many."""
    since = utc_now(-timedelta(days=lookback_days))
    lost = store.query(statement("lost_runs"), {"since": since, "prefix": _LOST})
    store.record_events(_lost(run) for run in lost)
    return len(lost)


def report_missed(store: Opstore, expected: Sequence[Expected]) -> int:
    """Record an event for each step that should have begun and has not; returns how many."""
    if not expected:
        return 0
    starts = {row["step"]: row["started_at"] for row in store.query(statement("last_starts"))}
    events = [event for step in expected if (event := _missed(step, starts.get(step.step), starts.get("")))]
    store.record_events(events)
    return len(events)


def load_expected(path: Path) -> list[Expected]:
    """The steps that a YAML file expects: `expected: [{step: run, every: 24h, grace: 2h}]`. Raises ValueError naming what is wrong."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return [
            Expected(str(item["step"]), _seconds(item["every"]), _seconds(item.get("grace", "0s")))
            for item in document.get("expected", [])
        ]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: expected a list `expected` of step, every and grace; found {error!r}") from error


def collapse(rows: Iterable[Mapping[str, Any]]) -> list[Sighting]:
    """Rows of events as sightings, in order of their first event."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(_signature(row), []).append(row)
    return [_sighting(signature, group) for signature, group in groups.items()]


def _sighting(signature: str, rows: Sequence[Mapping[str, Any]]) -> Sighting:
    latest = max(rows, key=lambda row: (row["occurred_at"], row["event_id"]))
    further = {str(run) for run in _listed(_evidence(latest).get("runs"))}
    runs = further | ({latest["run_id"]} if latest["run_id"] else set())
    return Sighting(
        signature, _failure(latest), tuple((r["event_id"], r["occurred_at"]) for r in rows), frozenset(runs)
    )


def _failure(row: Mapping[str, Any]) -> Failure:
    """The event as the agent's failure. What comes from outside is held against the words that there are."""
    evidence = _evidence(row)
    event_type: EventType = row["type"] if row["type"] in EVENT_TYPES else "PIPELINE_FAILED"
    kind, status = _BY_TYPE.get(event_type, ("test", "fail"))
    return Failure(
        failure_id=row["event_id"],
        event_type=event_type,
        resource=row["resource"],
        kind=_one_of(_KINDS, evidence.get("kind"), kind),  # type: ignore[arg-type]
        status=_one_of(_STATUSES, evidence.get("status"), status),  # type: ignore[arg-type]
        message=row["message"],
        asset=_text(evidence.get("asset")),
        check=row["check_name"],
        run_id=row["run_id"],
        occurred_at=row["occurred_at"],
        context=evidence,
    )


def _signature(row: Mapping[str, Any]) -> str:
    return _digest(row["type"], row["resource"], row["check_name"] or "", _told(row["message"]))


@lru_cache(maxsize=4096)
def _told(message: str) -> str:
    return _VARYING.sub("#", message[: 4 * _TOLD])[:_TOLD].casefold()


@lru_cache(maxsize=4096)
def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def _evidence(row: Mapping[str, Any]) -> dict[str, object]:
    try:
        evidence = parsed(row["evidence"] or "{}")
    except (ValueError, RecursionError):
        return {}
    return evidence if isinstance(evidence, dict) else {}


def _one_of(words: frozenset[str], told: object, otherwise: str) -> str:
    return told if isinstance(told, str) and told in words else otherwise


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _lost(run: Mapping[str, Any]) -> Event:
    what = f"run {run['run_id']} of {run['step']} began at {run['started_at']} and has not ended; it should have by {run['deadline_at']}"
    known: dict[str, object] = {"kind": "step", "status": "error", "step": run["step"], "is_lost": True}
    resource = run["resource"] or f"step:{run['step']}"
    return Event(
        _LOST + run["run_id"], "PIPELINE_FAILED", resource, what, None, run["run_id"], known, run["started_at"]
    )


def _missed(expected: Expected, last: str | None, watching_since: str | None) -> Event | None:
    reference = last or watching_since
    if reference is None:  # the first poll: nothing can be late yet
        return None
    due = datetime.fromisoformat(reference) + timedelta(seconds=expected.every + expected.grace)
    if datetime.now(UTC) <= due:
        return None
    what = (
        f"{expected.step} has not begun since {last}" if last else f"{expected.step} has never begun"
    ) + f"; it was due by {due:%Y-%m-%dT%H:%M:%SZ}: every {expected.every:g} s, {expected.grace:g} s of grace"
    known: dict[str, object] = {"kind": "step", "status": "error", "starts": expected.step}
    return Event(
        event_id(_MISSED, expected.step, last), "PIPELINE_FAILED", f"step:{expected.step}", what, None, None, known,
        reference,
    )  # fmt: skip


def _seconds(value: object) -> float:
    """`90s`, `5m`, `24h`, `7d`, or a number of seconds."""
    text = str(value).strip()
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text)
    if found is None:
        raise ValueError(f"a duration such as 30m, 24h or 7d was expected, found {text!r}")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
