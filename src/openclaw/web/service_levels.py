"""Service levels: how long it took to detect, to alert and to resolve, from the moment when it happened.

Each is measured from the first failure, as the producer dated it. The median says what is usual, the 90th percentile (nearest rank) what
the bad days are like. What is not known yet (no alert sent, not resolved) is left out and counted.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openclaw.web.wording import seconds_between

__all__ = ["Level", "Spread", "service_levels"]


@dataclass(frozen=True)
class Spread:
    """Over `count` incidents, in seconds. Both are None where there is none."""

    count: int
    median: float | None
    p90: float | None


@dataclass(frozen=True)
class Level:
    """One service level, over all incidents and by severity. `missing` incidents have not come that far."""

    name: str
    meaning: str
    overall: Spread
    by_severity: Mapping[str, Spread]
    missing: int


_LEVELS = (
    ("Time to detect", "from the first failure to the incident", "opened_at"),
    ("Time to alert", "from the first failure to the first message that a channel took", "alerted_at"),
    ("Time to resolve", "from the first failure to the end of the incident", "resolved_at"),
)


def service_levels(incidents: Sequence[Mapping[str, Any]]) -> list[Level]:
    """The three levels of rows of `incident_times.sql`."""
    return [_level(name, meaning, incidents, until) for name, meaning, until in _LEVELS]


def _level(name: str, meaning: str, incidents: Sequence[Mapping[str, Any]], until: str) -> Level:
    known = [row for row in incidents if row[until] is not None]
    spent = [(row["severity"], seconds_between(row["first_seen"], row[until])) for row in known]
    by_severity = {which: _spread(s for severity, s in spent if severity == which) for which in ("P1", "P2")}
    return Level(name, meaning, _spread(s for _, s in spent), by_severity, len(incidents) - len(known))


def _spread(seconds: Iterable[float]) -> Spread:
    ordered = sorted(seconds)
    if not ordered:
        return Spread(0, None, None)
    return Spread(len(ordered), statistics.median(ordered), ordered[math.ceil(0.9 * len(ordered)) - 1])
