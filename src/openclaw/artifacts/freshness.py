"""sources.json of any version → stale sources, and those whose freshness could not be asked.

A source without rows has no last load; dbt then writes a moment in year 1, whose age in days means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from openclaw.artifacts.results import Results, invocation_of, latest
from openclaw.artifacts.shapes import mapping, number, rows_of, text
from openclaw.model import Failure

__all__ = ["read_freshness"]

_GREEN = frozenset({"pass", "passed", "success", "no-op", "skipped", "reused"})
_EARLIEST = 1900  # nothing was loaded before; earlier moments stand for none
_UNITS = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0))


def read_freshness(document: Mapping[str, object]) -> Results:
    """From the parsed JSON of sources.json."""
    invocation = invocation_of(document)
    found = document.get("results", document.get("sources", []))
    rows, odd = rows_of(document.get("sources") if found is None else found, "sources.json")
    failures, notes = [], list(odd)
    for row in latest(rows):
        unique_id = text(row.get("unique_id")) or text(mapping(row.get("node")).get("unique_id"))
        word = (text(row.get("status")) or text(row.get("state"))).strip().lower()
        if word in ("warn", "error", "runtime error", "fail"):
            failures.append(_failure(row, unique_id, word, invocation))
        elif word not in _GREEN:
            notes.append(
                f"{unique_id or 'a source without an id'} has the freshness status {word!r}, which is not known."
            )
    if "results" not in document and "sources" not in document:
        notes.append("sources.json has no `results`.")
    return Results(tuple(failures), (), len(rows), tuple(notes), {"command": "source freshness", **invocation})


def _failure(row: Mapping[str, object], unique_id: str, word: str, invocation: Mapping[str, str]) -> Failure:
    error = text(row.get("error"))
    known: dict[str, object] = {"expected": _expected(row)}
    if not error and word != "runtime error":
        known["category"] = "stale_source"
    return Failure(
        failure_id=f"{invocation.get('invocation_id', 'freshness')}:{unique_id}",
        event_type="DBT_FRESHNESS_STALE",
        resource=unique_id,
        kind="source",
        status="error" if "category" not in known else "warn" if word == "warn" else "stale",
        message=error or _found(row),
        check="freshness",
        run_id=invocation.get("invocation_id"),
        occurred_at=text(row.get("snapshotted_at")) or invocation.get("generated_at"),
        context={key: value for key, value in known.items() if value},
    )


def _found(row: Mapping[str, object]) -> str:
    """`last loaded 31 hours ago (2024-07-31T02:44:00Z)`, or that there is no row."""
    loaded_at = text(row.get("max_loaded_at"))
    if loaded_at and _year(loaded_at) < _EARLIEST:
        asked = mapping(row.get("criteria")).get("filter")
        return "no row at all" + (f" passes the filter of the freshness check ({asked})" if asked else "")
    age = number(row.get("max_loaded_at_time_ago_in_s"))
    age = number(row.get("age")) if age is None else age
    if age is None:
        return f"last loaded at {loaded_at}" if loaded_at else ""
    return f"last loaded {_span(age)} ago" + (f" ({loaded_at})" if loaded_at else "")


def _year(moment: str) -> int:
    try:
        return datetime.fromisoformat(moment).year
    except ValueError:
        return _EARLIEST


def _span(seconds: float) -> str:
    for unit, length in _UNITS:
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"


def _expected(row: Mapping[str, object]) -> str:
    criteria = mapping(row.get("criteria"))
    limits = [
        f"{name} after {count:g} {period}{'s' if count != 1 else ''}"
        for name, limit in (
            ("warns", mapping(criteria.get("warn_after"))),
            ("fails", mapping(criteria.get("error_after"))),
        )
        if (count := number(limit.get("count"))) is not None and (period := text(limit.get("period")))
    ]
    return ", ".join(limits)
