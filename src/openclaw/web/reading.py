"""What the pages show of the record. Rows are as their SQL describes them.

What an address asks for is held against what there is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from openclaw.lineage import Lineage
from openclaw.model import CATEGORIES
from openclaw.sql import statement
from openclaw.web.wording import seconds_between
from opstore.store import Opstore

__all__ = [
    "Filters",
    "Heartbeat",
    "Listing",
    "ask",
    "earlier",
    "filters_of",
    "heartbeat",
    "incidents",
    "lineage",
    "runs",
]

Row = dict[str, Any]
State = Literal["unresolved", "open", "acknowledged", "reopened", "resolved", "any"]
STATES: tuple[State, ...] = get_args(State)
SPANS = {"1d": ("the last 24 hours", 1), "7d": ("the last 7 days", 7), "30d": ("the last 30 days", 30)}
RUN_STATUSES = ("success", "no_op", "failed", "running", "lost")
_PAGE = 25


@dataclass(frozen=True)
class Heartbeat:
    """When the agent last looked at the record. `is_late`: so long ago that what the pages show may have been overtaken.

    `alerts_left` are the alerts that it could not send yet.
    """

    at: str | None
    is_late: bool
    alerts_left: int = 0


@dataclass(frozen=True)
class Filters:
    """What a list of incidents was asked for; None asks for nothing."""

    state: State = "unresolved"
    severity: str | None = None
    category: str | None = None
    text: str | None = None
    span: str | None = None

    @property
    def asked(self) -> dict[str, str]:
        """As an address has it."""
        known = {"state": self.state, "severity": self.severity, "category": self.category, "text": self.text}
        return {name: value for name, value in {**known, "span": self.span}.items() if value}


@dataclass(frozen=True)
class Listing:
    """One page of rows. `total` counts all of them, `page` begins at 1."""

    rows: list[Row]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // _PAGE))


def ask(store: Opstore, question: str, **parameters: Any) -> list[Row]:
    """The rows of `sql/<question>.sql`."""
    return store.query(statement(question, "openclaw.web.sql"), parameters)


def heartbeat(store: Opstore, now: str, late_after: timedelta) -> Heartbeat:
    """How the agent itself is."""
    newest = next(iter(ask(store, "heartbeat")), None)
    if newest is None:
        return Heartbeat(None, is_late=True)
    is_late = seconds_between(newest["finished_at"], now) > late_after.total_seconds()
    done = json.loads(newest["summary"])
    return Heartbeat(newest["finished_at"], is_late, done.get("alerts_failed", 0) + done.get("alerts_waiting", 0))


def filters_of(asked: Mapping[str, str]) -> Filters:
    """What an address asks for; what no list has is left out, so that a wrong address shows more and never an error."""
    return Filters(
        state=next((state for state in STATES if state == asked.get("state")), "unresolved"),
        severity=_one_of(("P1", "P2"), asked.get("severity")),
        category=_one_of(CATEGORIES, asked.get("category")),
        text=asked.get("text", "").strip()[:200] or None,
        span=_one_of(tuple(SPANS), asked.get("span")),
    )


def incidents(store: Opstore, filters: Filters, page: int, now: str) -> Listing:
    """Incidents, what is open before what is over, the worst and then the latest first."""
    since = earlier(now, SPANS[filters.span][1]) if filters.span else None
    wanted = {"state": filters.state, "severity": filters.severity, "category": filters.category}
    found = _listing(store, "incidents", page, **wanted, text=filters.text, since=since)
    for row in found.rows:
        row["exposures"] = json.loads(row["exposures"])
    return found


def runs(store: Opstore, step: str | None, status: str | None, page: int) -> Listing:
    """Runs, the latest first."""
    return _listing(store, "runs", page, step=step, status=status)


def lineage(store: Opstore) -> Lineage:
    """The newest graph of every producer."""
    return Lineage.recorded(store.query(statement("lineage")))


def earlier(now: str, days: int) -> str:
    """So many days before."""
    moment = datetime.fromisoformat(now).astimezone(UTC) - timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _listing(store: Opstore, question: str, page: int, **wanted: Any) -> Listing:
    """The page, or the first one where there are not so many."""
    rows = ask(store, question, **wanted, limit=_PAGE, offset=(page - 1) * _PAGE)
    if not rows and page > 1:
        return _listing(store, question, 1, **wanted)
    return Listing(rows, rows[0]["total"] if rows else 0, page)


def _one_of(allowed: tuple[str, ...], wanted: str | None) -> str | None:
    return wanted if wanted in allowed else None
