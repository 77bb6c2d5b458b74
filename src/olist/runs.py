"""A command as a run of the record: begun and finished there, alone in its home, its failures and failed checks told as events."""

from __future__ import annotations

import json
import platform
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import structlog

from olist import failures, watch
from olist.errors import OlistError, explained
from olist.locks import file_lock
from olist.quality.judge import Gate
from olist.record import open_record
from olist.report import LayerRow, Listener, Report, Status
from olist.settings import PROJECT, Settings
from opstore.store import Check, Counts, Opstore, OpstoreUnavailable, RunFinish, RunStart

__all__ = ["Context", "Doing", "built_recorder", "gate", "perform", "recorded"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Doing = Callable[["Context", str], None]  # given the run's id in the record


@dataclass
class Context:
    """What a step works with. `report.run_id` names what it makes in lake and warehouse."""

    settings: Settings
    listener: Listener
    opstore: Opstore
    report: Report
    told_by: str
    processing_date: date
    step: str = ""
    is_reported: bool = False  # the innermost step that fails reports it


def perform(
    step: str,
    settings: Settings,
    listener: Listener,
    work: Doing,
    *,
    made_by: str | None = None,
    alone: bool = True,
    told_by: str = "",
    processing_date: date | None = None,
) -> Report:
    """Do `work` as a recorded run. The report carries the error of what failed; nothing is raised for it.

    `made_by` names what is made where several runs make it together; by default it is the run's own id. What need not be `alone` runs
    beside others of its kind.
    """
    run_id = _new_run_id()
    started, report = time.perf_counter(), Report(made_by or run_id)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        today = processing_date or datetime.now(UTC).date()
        context = Context(settings, listener, open_record(settings), report, told_by, today)
        # Recorded before it waits, so that one that is refused is in the record, too.
        with (
            recorded(context, step, run_id, settings.parent_run),
            file_lock(settings.home / "lock", settings.lock_wait, shared=not alone),
        ):
            if alone:
                shutil.rmtree(settings.scratch, ignore_errors=True)  # what a killed run left half done
            work(context, run_id)
    except OlistError as error:
        report.status, report.error = "failed", error
    except (OSError, OpstoreUnavailable) as error:
        report.status, report.error = "failed", explained(error, settings.home)
    report.seconds = time.perf_counter() - started
    return report


def gate(context: Context, run_id: str) -> Gate:
    """The gate of a step: its checks are recorded with the run, and those that fail as events."""
    keep = _checks_recorder(context, run_id)

    def record(checks: list[Check]) -> None:
        keep(checks)
        context.opstore.record_events(failures.of_checks(run_id, context.step, checks))

    return Gate(context.report.run_id, context.settings.quality, record)


def _checks_recorder(context: Context, run_id: str) -> Callable[[list[Check]], None]:
    def record(checks: list[Check]) -> None:
        context.report.checks.extend(checks)
        context.opstore.record_checks(run_id, checks)

    return record


def built_recorder(context: Context, run_id: str) -> Callable[[list[Check], Path], None]:
    """What failed in dbt becomes events by its artifacts, in the words and with the lineage of dbt."""
    keep = _checks_recorder(context, run_id)

    def record(checks: list[Check], artifacts: Path) -> None:
        keep(checks)
        if (artifacts / "run_results.json").exists() and (said := watch.record(context.settings, artifacts, run_id)):
            context.listener.note(said)

    return record


@contextmanager
def recorded(context: Context, step: str, run_id: str, parent: str | None) -> Iterator[str]:
    """A run in the opstore around a step; a killed process leaves the start alone."""
    deadline = context.settings.deadline + context.settings.lock_wait
    context.opstore.start(RunStart(run_id, step, None, parent, deadline, _revision(), json.dumps(_versions())))
    started, first, status = time.perf_counter(), len(context.report.layers), context.report.status
    context.report.status, context.step = "no_op", step
    message: str | None = None
    try:
        yield run_id
    except BaseException as error:
        context.report.status = "failed"
        message = str(error) or type(error).__name__
        _report(context, run_id, step, error)
        raise
    finally:
        rows = context.report.layers[first:]
        # A step of a run that did nothing does not undo what the steps before it did.
        own, context.report.status = context.report.status, _worse(status, context.report.status)
        details = json.dumps([asdict(r) for r in rows])
        try:
            context.opstore.finish(
                RunFinish(run_id, step, own, _sum(rows), time.perf_counter() - started, message, details)
            )
        except OpstoreUnavailable as unavailable:
            if message is None:
                raise
            # The step's own error is the one to show. The run stays started: past its deadline it counts as lost.
            log.error("the failure could not be recorded", run_id=run_id, record=str(unavailable))


def _report(context: Context, run_id: str, step: str, error: BaseException) -> None:
    """The failure as events, once: by the innermost step."""
    if context.is_reported:
        return
    context.is_reported = True
    try:
        context.opstore.record_events(failures.of_error(run_id, step, error))
    except OpstoreUnavailable as unavailable:  # the step's own error is the one to show
        log.error("the failure could not be recorded", run_id=run_id, record=str(unavailable))


def _worse(before: Status, after: Status) -> Status:
    order: tuple[Status, ...] = ("no_op", "success", "failed")
    return max(before, after, key=order.index)


def _sum(rows: Sequence[LayerRow]) -> Counts:
    return Counts(
        sum(r.rows_in for r in rows),
        sum(r.published for r in rows),
        sum(r.superseded for r in rows),
        sum(r.rejected for r in rows),
        sum(r.quarantined for r in rows),
    )


def _new_run_id() -> str:
    """Sorts by time; the suffix tells two machines of one microsecond apart."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ") + "-" + secrets.token_hex(2)


def _revision() -> str | None:
    if not (PROJECT / ".git").exists():
        return None
    result = subprocess.run(["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, text=True, check=False)
    return result.stdout.strip() or None


def _versions() -> dict[str, str]:
    packages = ("olist-platform", "duckdb", "dbt-core", "pyarrow")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}
