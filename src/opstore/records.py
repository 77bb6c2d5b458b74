"""The facts that producers record. Times are UTC, ISO 8601 with milliseconds, so that they sort as text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

__all__ = ["Check", "Counts", "Edge", "Event", "RunFinish", "RunStart", "event_id", "utc_now"]


def utc_now(later: timedelta = timedelta()) -> str:
    """Now, or `later` than now: UTC, ISO 8601, milliseconds."""
    return (datetime.now(UTC) + later).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@dataclass(frozen=True)
class Counts:
    """Rows of a step: in = published + superseded + rejected + quarantined."""

    rows_in: int = 0
    published: int = 0
    superseded: int = 0
    rejected: int = 0
    quarantined: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every row is accounted for."""
        return self.rows_in == self.published + self.superseded + self.rejected + self.quarantined


@dataclass(frozen=True)
class RunStart:
    """The first row of a run. `deadline` is in seconds from now; `versions` is JSON; it began at `occurred_at`, by default now."""

    run_id: str
    step: str
    resource: str | None
    parent_run_id: str | None
    deadline: float
    revision: str | None
    versions: str
    occurred_at: str | None = None


@dataclass(frozen=True)
class RunFinish:
    """The second row of a run. `seconds` is its wall time; `details` is JSON: what the step did, table by table.

    It ended at `occurred_at`, by default now.
    """

    run_id: str
    step: str
    status: Literal["success", "no_op", "failed"]
    counts: Counts | None
    seconds: float
    message: str | None = None
    details: str | None = None
    occurred_at: str | None = None


@dataclass(frozen=True)
class Check:
    """One check of one asset in one run. `failures` counts what failed it; None when it could not be computed.

    `columns` are those that it speaks of: they go into the event of a failure, and not into the record of checks.
    """

    asset: str
    check_name: str
    kind: str
    severity: Literal["error", "warn"]
    status: Literal["pass", "fail", "error", "skipped"]
    failures: int | None
    message: str | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edge:
    """`child` is made from `parent` or looks at it. `child_label` is what people call it, where that is not its name."""

    parent: str
    child: str
    child_kind: str
    child_label: str | None = None


@dataclass(frozen=True)
class Event:
    """Something went wrong. `evidence` is what the producer knows of it; these keys have a meaning to the agent, all may be absent:

    `kind` (model, test, source, task, step, artifact, …) and `status` (error, fail, warn, stale) of what failed; `asset`, what a check
    looked at; what tells that it is over: `step`, which ends well (after a step named in `after`), `starts`, which begins, or `passes`, a
    check of the resource; `expected`, `found`, `remedy`, `file`, `column`, `sample`, `log`;
    `affected` and `exposures`, what it broke; `runs`, further runs that it belongs to.
    """

    event_id: str
    type: str
    resource: str
    message: str
    check_name: str | None = None
    run_id: str | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)
    occurred_at: str = field(default_factory=utc_now)


def event_id(*parts: str | None) -> str:
    """The id of the event that these parts tell from all others: the same parts give the same id."""
    return hashlib.sha256("\x1f".join(part or "" for part in parts).encode("utf-8", "replace")).hexdigest()[:32]
