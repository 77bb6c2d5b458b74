"""The record of what ran, what was checked, what went wrong and what was made of it. Nothing is ever updated.

A run is two rows, `started` (with a deadline) and `finished`. A start without a finish is `running` until its deadline and `lost` after:
that is how a killed process shows. Facts of producers have ids, so that recording one twice is recording it once; while the record
cannot be reached they wait in a spool and are sent at its next use, so that no outage of the record stops a pipeline. Judgements of the
agent are written under a lease, and are refused when a later holder has taken it.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from opstore.database import Database, Fence, SqliteDatabase
from opstore.errors import Conflict, Fenced, OpstoreError, OpstoreUnavailable, Refused, UnknownRows, UnknownStore
from opstore.records import Check, Counts, Edge, Event, RunFinish, RunStart, event_id, utc_now
from opstore.spool import ASIDE, WAITING, Rows, Spool

__all__ = [
    "Check",
    "Conflict",
    "Counts",
    "Edge",
    "Event",
    "Fence",
    "Fenced",
    "Opstore",
    "OpstoreError",
    "OpstoreUnavailable",
    "Refused",
    "Rows",
    "RunFinish",
    "RunStart",
    "event_id",
    "open_opstore",
    "utc_now",
]


def open_opstore(address: str | Path, spool: Path | None = None) -> Opstore:
    """The record at a path, a `sqlite:///` URL or `bigquery://project/dataset`.

    What cannot be sent waits in the folder `spool`; by default beside the file, or in the temporary folder for BigQuery. Raises
    UnknownStore for an address of another kind.
    """
    scheme, separator, rest = str(address).partition("://")
    if separator and scheme == "bigquery":
        return _on_bigquery(str(address), rest, spool)
    if separator and scheme != "sqlite":
        known = "a path, sqlite:///path or bigquery://project/dataset"
        raise UnknownStore(address, f"{scheme}:// is no store that is supported: give {known}")
    return Opstore(Path(rest if separator else str(address)).expanduser(), spool=spool)


def _on_bigquery(address: str, rest: str, spool: Path | None) -> Opstore:
    project, _, dataset = rest.partition("/")
    if not project or not dataset:
        raise UnknownStore(address, "a record on BigQuery is bigquery://project/dataset")
    try:  # Google's libraries are an extra, and take their time to load
        from opstore.bigquery.database import BigQueryDatabase
    except ImportError as error:
        raise UnknownStore(address, f"the extra gcp of olist-platform is not installed: {error}") from error
    waiting = spool or Path(tempfile.gettempdir(), f"{project}.{dataset}.spool")
    return Opstore(Path(address), BigQueryDatabase(project, dataset), waiting)


class Opstore:
    """The record. Safe for several processes at once. Raises OpstoreUnavailable.

    What producers record raises it only when the spool cannot be written either.
    """

    def __init__(self, path: Path, database: Database | None = None, spool: Path | None = None) -> None:
        self.path = path
        self.spool = Spool(spool or path.with_name(path.name + ".spool"))
        self._database = database or SqliteDatabase(path)

    # --- What producers record --------------------------------------------------------------------------------------------------

    def start(self, run: RunStart) -> None:
        """Record that a run began."""
        row = asdict(run)
        deadline = utc_now(timedelta(seconds=row.pop("deadline")))
        at = run.occurred_at or utc_now()
        self._record({"ops_runs": [{**row, "phase": "started", "deadline_at": deadline, "occurred_at": at}]})

    def finish(self, run: RunFinish) -> None:
        """Record how a run ended."""
        row = asdict(run)
        counts = row.pop("counts") or {}
        at = run.occurred_at or utc_now()
        self._record({"ops_runs": [{**row, **counts, "phase": "finished", "occurred_at": at}]})

    def record_checks(self, run_id: str, checks: Iterable[Check], occurred_at: str | None = None) -> None:
        """Record the checks of a run, all or none. They were made at `occurred_at`, by default now."""
        at = occurred_at or utc_now()
        self._record({"ops_checks": [{"run_id": run_id, **_check_row(check), "occurred_at": at} for check in checks]})

    def record_events(self, events: Iterable[Event]) -> None:
        """Record what went wrong, all or none."""
        self._record({"ops_events": [_event_row(event) for event in events]})

    def record_lineage(self, producer: str, edges: Iterable[Edge]) -> None:
        """Record the whole graph of a producer; nothing where it is as it was."""
        rows = [asdict(edge) for edge in sorted(set(edges), key=lambda e: (e.parent, e.child))]
        lineage_id = hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:32]
        if rows and self._lineage_id(producer) != lineage_id:
            self._record({"ops_lineage": [{"producer": producer, "lineage_id": lineage_id, **row} for row in rows]})

    # --- What the agent writes --------------------------------------------------------------------------------------------------

    def append(self, rows: Rows, fence: Fence | None = None) -> int:
        """Add judgements by table, all or none; returns how many rows were new.

        Raises Fenced when a later holder has the lease, Conflict when a key is taken; then nothing was written.
        """
        return self._database.write(rows, fence)

    def prune(self, days: int) -> int:
        """Delete runs, checks, events and heartbeats older than `days`, and leases that went a day ago; incidents and alerts stay.

        Returns the rows deleted.
        """
        before = utc_now(-timedelta(days=days))
        return self._database.prune(before, max(before, utc_now(-timedelta(days=1))))

    # --- What is read -----------------------------------------------------------------------------------------------------------

    def probe(self) -> bool:
        """Whether the record is there and can be read; False where it has not been made yet.

        Makes, changes and sends nothing, unlike whatever else is asked here.
        """
        return self._database.probe()

    def query(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
        """The rows of a SELECT over the record's tables and views, after sending what waits in the spool."""
        self.catch_up()
        return self._database.select(query, parameters)

    def runs(self, *, limit: int = 50, parent: str | None = None) -> list[dict[str, Any]]:
        """The latest runs in their current state, newest first; the steps of `parent` only, where given."""
        where = "parent_run_id = ?" if parent else "parent_run_id IS NULL"
        query = f"SELECT * FROM ops_runs_current WHERE {where} ORDER BY started_at DESC, run_id DESC LIMIT ?"
        return self.query(query, ([parent] if parent else []) + [limit])

    def checks(self, run_id: str) -> list[dict[str, Any]]:
        """The checks of a run and of its steps, failed ones first."""
        return self.query(
            "SELECT c.* FROM ops_checks AS c WHERE c.run_id = ? OR c.run_id IN "
            "(SELECT run_id FROM ops_runs WHERE parent_run_id = ?) ORDER BY c.status, c.asset, c.check_name",
            [run_id, run_id],
        )

    def last_checks(self, layer: str, whole: str | None) -> list[dict[str, Any]]:
        """How each check of a layer's assets came out last, since the last run that judged the asset whole.

        Such a run recorded the check `whole` of it; None: every run judges the layer whole.
        """
        query = files("opstore").joinpath("last_checks.sql").read_text(encoding="utf-8")
        return self.query(query, {"layer": layer, "whole": whole})

    def open_incidents(self) -> int:
        """How many incidents are not resolved."""
        query = "SELECT count(*) AS number FROM ops_incidents_current WHERE state <> 'resolved'"
        return int(self.query(query)[0]["number"])

    def incidents(self) -> list[dict[str, Any]]:
        """The incidents that are not resolved, the worst and then the oldest first: id, severity, state, title, root, opened_at."""
        return self.query(
            "SELECT incident_id, severity, state, title, root, opened_at FROM ops_incidents_current "
            "WHERE state <> 'resolved' ORDER BY severity, opened_at, incident_id"
        )

    # --- The spool --------------------------------------------------------------------------------------------------------------

    def catch_up(self) -> int:
        """Send what waits in the spool; returns how many rows were new. What a later program has left there waits for its like."""
        sent = 0
        for path in self.spool.waiting():
            try:
                sent += self._database.write(self.spool.read(path))
                path.unlink(missing_ok=True)
            except (ValueError, Conflict, Refused) as error:
                self._set_aside(path, error)
            except (FileNotFoundError, UnknownRows):  # another process has sent it, or a later program will
                continue
        return sent

    def _record(self, rows: Rows) -> None:
        """Add facts, or spool them when the record cannot be reached."""
        if not any(rows.values()):
            return
        try:
            self.catch_up()
            self._send(rows)
        except OpstoreUnavailable:
            self._keep(rows)

    def _send(self, rows: Rows) -> None:
        try:
            self._database.write(rows)
        except Refused as error:
            self._tell_of(self._keep(rows, ASIDE), error)

    def _keep(self, rows: Rows, suffix: str = WAITING) -> Path:
        try:
            return self.spool.add(rows, suffix)
        except OSError as error:
            raise OpstoreUnavailable(self.path, error.strerror or str(error)) from error

    def _set_aside(self, path: Path, error: Exception) -> None:
        """Let what is behind a file that will never be taken pass."""
        try:
            aside = self.spool.set_aside(path)
        except FileNotFoundError:  # another process has, and tells of it
            return
        self._tell_of(aside, error)

    def _tell_of(self, aside: Path, error: Exception) -> None:
        """Say what was set aside: now, or when the record can be reached."""
        what = f"a file of the spool cannot be read or taken, and what it held is not in the record: {str(error)[:500]}"
        known: dict[str, object] = {"kind": "artifact", "status": "error", "file": str(aside)}
        event = Event(event_id("spool", aside.name), "PIPELINE_FAILED", str(aside), what, evidence=known)
        rows = {"ops_events": [_event_row(event)]}
        try:
            self._database.write(rows)
        except OpstoreUnavailable:
            self._keep(rows)

    def _lineage_id(self, producer: str) -> str | None:
        try:
            found = self.query("SELECT lineage_id FROM ops_lineage_current WHERE producer = ? LIMIT 1", [producer])
        except OpstoreUnavailable:
            return None
        return str(found[0]["lineage_id"]) if found else None


def _check_row(check: Check) -> dict[str, Any]:
    row = asdict(check)
    del row["columns"]
    return row


def _event_row(event: Event) -> dict[str, Any]:
    return {**asdict(event), "evidence": json.dumps(dict(event.evidence), ensure_ascii=False, default=str)}
