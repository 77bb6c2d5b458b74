"""The record of what ran and what was checked: producers append facts here, and nothing is ever updated.

A run is two rows, `started` (with a deadline) and `finished`. A start without a finish is `running` until its deadline and `lost` after:
that is how a killed process shows. Times are UTC, ISO 8601 with milliseconds, so that they sort as text.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

__all__ = ["Check", "Counts", "Opstore", "OpstoreUnavailable", "RunFinish", "RunStart", "utc_now"]

_BUSY_SECONDS = 30.0


class OpstoreUnavailable(Exception):
    """The record cannot be opened, read or written; `filename` says where it is."""

    def __init__(self, path: Path, reason: str) -> None:
        self.filename = str(path)
        super().__init__(reason)


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
    """The first row of a run. `deadline` is in seconds from now; `versions` is JSON."""

    run_id: str
    step: str
    resource: str | None
    parent_run_id: str | None
    deadline: float
    revision: str | None
    versions: str


@dataclass(frozen=True)
class RunFinish:
    """The second row of a run. `seconds` is its wall time; `details` is JSON: what the step did, table by table."""

    run_id: str
    step: str
    status: Literal["success", "no_op", "failed"]
    counts: Counts | None
    seconds: float
    message: str | None = None
    details: str | None = None


@dataclass(frozen=True)
class Check:
    """One check of one asset in one run. `failures` counts what failed it; None when it could not be computed."""

    asset: str
    check_name: str
    kind: str
    severity: Literal["error", "warn"]
    status: Literal["pass", "fail", "error", "skipped"]
    failures: int | None
    message: str | None = None


class Opstore:
    """The record in an SQLite file (WAL, on a local disk). Safe for several processes at once. Raises OpstoreUnavailable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OpstoreUnavailable(path, error.strerror or str(error)) from error
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(files("opstore").joinpath("schema.sql").read_text(encoding="utf-8"))

    def start(self, run: RunStart) -> None:
        """Record that a run began."""
        row = asdict(run)
        deadline = utc_now(timedelta(seconds=row.pop("deadline")))
        self._insert("ops_runs", [{**row, "phase": "started", "deadline_at": deadline, "occurred_at": utc_now()}])

    def finish(self, run: RunFinish) -> None:
        """Record how a run ended."""
        row = asdict(run)
        counts = row.pop("counts") or {}
        self._insert("ops_runs", [{**row, **counts, "phase": "finished", "occurred_at": utc_now()}])

    def record_checks(self, run_id: str, checks: Iterable[Check]) -> None:
        """Record the checks of a run, all or none."""
        self._insert("ops_checks", [{"run_id": run_id, **asdict(check)} for check in checks])

    def runs(self, *, limit: int = 50, parent: str | None = None) -> list[dict[str, Any]]:
        """The latest runs in their current state, newest first; the steps of `parent` only, where given."""
        where = "parent_run_id = ?" if parent else "parent_run_id IS NULL"
        query = f"SELECT * FROM ops_runs_current WHERE {where} ORDER BY started_at DESC, run_id DESC LIMIT ?"
        return self._select(query, ([parent] if parent else []) + [limit])

    def checks(self, run_id: str) -> list[dict[str, Any]]:
        """The checks of a run and of its steps, failed ones first."""
        return self._select(
            "SELECT c.* FROM ops_checks AS c WHERE c.run_id = ? OR c.run_id IN "
            "(SELECT run_id FROM ops_runs WHERE parent_run_id = ?) ORDER BY c.status, c.asset, c.check_name",
            [run_id, run_id],
        )

    def last_checks(self, layer: str, whole: str | None) -> list[dict[str, Any]]:
        """How each check of a layer's assets came out last, since the last run that judged the asset whole.

        Such a run recorded the check `whole` of it; None: every run judges the layer whole.
        """
        query = files("opstore").joinpath("last_checks.sql").read_text(encoding="utf-8")
        return self._select(query, {"layer": layer, "whole": whole})

    def _insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        recorded = utc_now()
        columns = [*rows[0], "recorded_at"]
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, [[*row.values(), recorded] for row in rows])
            connection.execute("COMMIT")

    def _select(self, query: str, parameters: list[Any] | dict[str, Any]) -> list[dict[str, Any]]:
        with self._connection() as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, parameters)]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise OpstoreUnavailable(self.path, str(error)) from error


def utc_now(later: timedelta = timedelta()) -> str:
    """Now, or `later` than now: UTC, ISO 8601, milliseconds."""
    return (datetime.now(UTC) + later).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
