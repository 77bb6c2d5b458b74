"""The steps, each recorded as a run: the CLI, Airflow and the jobs all enter here.

`run` does all of them; `ingest`, `silver` and `gold` one each; what a scheduler runs piece by piece is in `olist.pieces`. Every step may
be repeated: it does only what is missing, and what was published stays until something green replaces it. One step at a time changes a
platform: a file lock guards its home, an advisory lock its warehouse.
"""

from __future__ import annotations

import json
import platform
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal, Protocol

import structlog

from olist import failures, watch
from olist.bronze.ingest import Ingested
from olist.bronze.ingest import ingest as ingest_bronze
from olist.contracts import load_contracts
from olist.errors import AuditFailed, OlistError, explained
from olist.export.export import export as export_layers
from olist.export.load import load_exports
from olist.gold.announce import NotAnnounced, announce
from olist.gold.build import STAGED, build_gold
from olist.gold.freshness import ask_freshness
from olist.lake.open import open_lake
from olist.lineage import edges
from olist.locks import file_lock
from olist.quality.freshness import freshness
from olist.quality.judge import Gate
from olist.record import open_record
from olist.settings import PROJECT, Settings
from olist.silver.build import SilverResult, Work, build_silver
from olist.source.locate import delivery
from olist.warehouse.connect import connect, warehouse_url
from olist.warehouse.publish import exclusive, record_deliveries
from opstore.store import Check, Counts, Opstore, OpstoreUnavailable, RunFinish, RunStart

__all__ = [
    "Context",
    "LayerRow",
    "Listener",
    "Report",
    "Silent",
    "account_ingested",
    "account_silver",
    "export",
    "gate",
    "gold",
    "ingest",
    "load",
    "open_lake",
    "perform",
    "quarantine_accounted",
    "record_arrivals",
    "run",
    "silver",
    "silver_work",
]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Step = Literal["run", "ingest", "silver", "gold", "freshness", "export", "load"]
Doing = Callable[["Context", str], None]  # given the run's id in the record
Status = Literal["success", "no_op", "failed"]


@dataclass(frozen=True)
class LayerRow:
    """What a step did to one table of one layer. Rows in = published + superseded + rejected + quarantined; seconds are wall time."""

    layer: Literal["bronze", "silver", "gold", "export", "load"]
    table: str
    rows_in: int
    published: int
    superseded: int
    rejected: int
    quarantined: int
    seconds: float


@dataclass
class Report:
    """What a command did. `status` is `no_op` when everything was up to date; `phases` is the seconds of each phase of silver."""

    run_id: str
    status: Status = "no_op"
    source: str | None = None
    seconds: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)
    layers: list[LayerRow] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    error: OlistError | None = None

    def as_json(self) -> dict[str, object]:
        """The report as `--json` prints it."""
        document: dict[str, object] = {
            "run_id": self.run_id,
            "status": self.status,
            "source": self.source,
            "seconds": round(self.seconds, 3),
            "layers": [asdict(row) for row in self.layers],
        }
        if self.error is not None:
            names = ("what", "resource", "expected", "found", "remedy", "transient")
            document["error"] = {name: getattr(self.error, name) for name in names}
        return document


class Listener(Protocol):
    """Who is told of progress."""

    def source(self, name: str, reason: str) -> None:
        """Which source was taken, and why."""
        ...

    def begin(self, layer: str, total: int | None) -> None:
        """A layer begins, with so many parts (None: not known)."""
        ...

    def advance(self, part: str) -> None:
        """A part of the layer is done."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line."""
        ...


class Silent:
    """A listener that does not care."""

    def source(self, name: str, reason: str) -> None: ...
    def begin(self, layer: str, total: int | None) -> None: ...
    def advance(self, part: str) -> None: ...
    def note(self, text: str) -> None: ...


def run(
    settings: Settings,
    *,
    told_by: str = "OLIST_SOURCE is set",
    processing_date: date | None = None,
    listener: Listener | None = None,
) -> Report:
    """Source to gold. The report carries the error of a step that failed; nothing is raised for it."""
    return _command("run", settings, listener or Silent(), ("ingest", "silver", "gold"), told_by, processing_date)


def ingest(
    settings: Settings,
    *,
    told_by: str = "OLIST_SOURCE is set",
    processing_date: date | None = None,
    listener: Listener | None = None,
) -> Report:
    """Source to bronze."""
    return _command("ingest", settings, listener or Silent(), ("ingest",), told_by, processing_date)


def silver(settings: Settings, *, listener: Listener | None = None) -> Report:
    """Bronze to silver."""
    return _command("silver", settings, listener or Silent(), ("silver",))


def gold(settings: Settings, *, listener: Listener | None = None) -> Report:
    """Silver to gold; then whether dbt's sources are fresh, also where gold was up to date."""
    return _command("gold", settings, listener or Silent(), ("gold", "freshness"))


def export(settings: Settings, *, to_bigquery: bool = False, listener: Listener | None = None) -> Report:
    """Silver and gold to Parquet in the lake, and the latest export of each to BigQuery."""
    return _command("export", settings, listener or Silent(), ("export", "load") if to_bigquery else ("export",))


def load(settings: Settings, export_id: str, *, listener: Listener | None = None) -> Report:
    """An export that is in the lake to BigQuery, be it the latest or an earlier one."""
    return perform("load", settings, listener or Silent(), lambda context, run: _load(context, run, export_id))


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


def _command(
    step: Step,
    settings: Settings,
    listener: Listener,
    parts: Sequence[Step],
    told_by: str = "",
    processing_date: date | None = None,
) -> Report:
    def work(context: Context, run_id: str) -> None:
        for part in parts:
            if step == part:
                _STEPS[part](context, run_id)
                continue
            with _recorded(context, part, f"{run_id}.{part}", run_id) as part_id:
                _STEPS[part](context, part_id)

    return perform(step, settings, listener, work, told_by=told_by, processing_date=processing_date)


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
        with _home_lock(settings, alone=alone):
            if alone:
                shutil.rmtree(settings.scratch, ignore_errors=True)  # what a killed run left half done
            opstore = open_record(settings)
            today = processing_date or datetime.now(UTC).date()
            context = Context(settings, listener, opstore, report, told_by, today)
            with _recorded(context, step, run_id, settings.parent_run):
                work(context, run_id)
    except OlistError as error:
        report.status, report.error = "failed", error
    except (OSError, OpstoreUnavailable) as error:
        report.status, report.error = "failed", explained(error, settings.home)
    report.seconds = time.perf_counter() - started
    return report


def _ingest(context: Context, run_id: str) -> None:
    settings, listener = context.settings, context.listener
    contracts = load_contracts(settings.contracts)
    context.opstore.record_lineage("olist", edges(contracts))
    with delivery(
        settings.source, contracts, home=settings.home, told_by=context.told_by, announce=listener.source
    ) as source:
        context.report.source = source.name
        listener.begin("bronze", len(contracts))
        with quarantine_accounted(context, "bronze"):
            results = ingest_bronze(
                open_lake(settings),
                contracts,
                source.folder,
                run_id=context.report.run_id,
                processing_date=context.processing_date,
                scratch=settings.scratch,
                gate=gate(context, run_id),
                on_table=listener.advance,
            )
    account_ingested(context, results)


def account_ingested(context: Context, results: Sequence[Ingested]) -> None:
    """Report an accepted delivery, table by table."""
    for r in results:
        context.report.layers.append(LayerRow("bronze", r.table, r.rows, r.rows, 0, 0, 0, round(r.seconds, 3)))
    if all(r.unchanged for r in results):
        context.listener.note("bronze: the same files as the latest batches, nothing new")
    else:
        context.report.status = "success"


@contextmanager
def quarantine_accounted(context: Context, layer: Literal["bronze", "silver"]) -> Iterator[None]:
    """Reports the rows that a failed audit has put in quarantine."""
    try:
        yield
    except AuditFailed as failure:
        for table, rows in failure.quarantined.items():
            context.report.layers.append(LayerRow(layer, table, rows, 0, 0, 0, rows, 0.0))
        raise


def _silver(context: Context, run_id: str) -> None:
    context.listener.begin("silver", None)
    with silver_work(context) as work, quarantine_accounted(context, "silver"):
        result = build_silver(work, gate(context, run_id), publish_wait=context.settings.publish_wait)
        record_arrivals(context, work)
    account_silver(context, result)


@contextmanager
def silver_work(context: Context) -> Iterator[Work]:
    """What the steps of silver work with, under the warehouse's lock."""
    settings = context.settings
    contracts, url = load_contracts(settings.contracts), warehouse_url(settings)
    with connect(url, "run") as connection, exclusive(connection, settings.lock_wait):
        yield Work(
            open_lake(settings),
            contracts,
            connection,
            url,
            context.report.run_id,
            settings.scratch,
            context.listener.advance,
        )


def record_arrivals(context: Context, work: Work) -> None:
    """Tell the warehouse when each table's last delivery arrived."""
    fresh = freshness(open_lake(context.settings), work.contracts)
    record_deliveries(work.connection, {f.table: f.arrived_at for f in fresh})


def account_silver(context: Context, result: SilverResult) -> None:
    """Report what silver has published, table by table."""
    context.report.phases |= result.phases
    for t in result.tables:
        c = t.counts
        context.report.layers.append(
            LayerRow("silver", t.table, c.rows_in, c.published, c.superseded, c.rejected, 0, round(t.seconds, 3))
        )
        if t.reasons:
            reasons = ", ".join(f"{n:,} {reason}" for reason, n in t.reasons.items())
            context.listener.note(f"silver.{t.table}: rejected {reasons} (see silver.rejects)")
    if result.changed:
        context.report.status = "success"
    else:
        context.listener.note("silver: up to date")


def _gold(context: Context, run_id: str) -> None:
    settings, listener = context.settings, context.listener
    listener.begin("gold", None)
    with connect(warehouse_url(settings), "run") as connection, exclusive(connection, settings.lock_wait):
        result = build_gold(
            open_lake(settings),
            settings.dbt_project,
            connection,
            run_id=context.report.run_id,
            work=settings.home / "dbt",
            publish_wait=settings.publish_wait,
            on_node=listener.advance,
            on_built=_built_recorder(context, run_id),
        )
    if result.changed and settings.airflow is not None:
        _announce(context, run_id, settings.airflow.get_secret_value())
    for t in result.tables:
        context.report.layers.append(LayerRow("gold", t.table, t.rows, t.rows, 0, 0, 0, round(t.seconds, 3)))
    if result.changed:
        context.report.status = "success"
    else:
        listener.note("gold: up to date")


def _freshness(context: Context, run_id: str) -> None:
    settings = context.settings
    with connect(warehouse_url(settings), "freshness") as connection:
        said = ask_freshness(
            open_lake(settings), settings.dbt_project, connection, schema=STAGED, work=settings.home / "dbt"
        )
    if problem := watch.record(settings, said, run_id):
        context.listener.note(problem)


def _announce(context: Context, run_id: str, airflow: str) -> None:
    """Gold is published, so that whoever is not told of it is no failure of this step; but it is one."""
    try:
        announce(airflow, context.report.run_id)
    except NotAnnounced as error:
        context.listener.note(str(error))
        context.opstore.record_events(failures.of_error(run_id, "gold.announce", error))


def _export(context: Context, run_id: str) -> None:
    settings, listener = context.settings, context.listener
    listener.begin("export", None)
    exported = export_layers(
        open_lake(settings),
        warehouse_url(settings),
        load_contracts(settings.contracts),
        run_id=run_id,
        scratch=settings.scratch,
        on_table=listener.advance,
    )
    for e in exported:
        name = f"{e.layer}.{e.table}"
        context.report.layers.append(LayerRow("export", name, e.rows, e.rows, 0, 0, 0, round(e.seconds, 3)))
    if exported:
        context.report.status = "success"
        objects = sum(len(e.objects) for e in exported)
        listener.note(f"export {run_id}: {objects} objects under {settings.lake_url}/exports")
    else:
        listener.note("export: nothing was published since the last export")


def _load(context: Context, run_id: str, export_id: str | None = None) -> None:
    context.listener.begin("load", None)
    for layer in load_exports(context.settings, export_id, context.listener.advance):
        for t in layer.tables:
            name = f"{layer.export.layer}.{t.table}"
            context.report.layers.append(LayerRow("load", name, t.rows, t.rows, 0, 0, 0, round(t.seconds, 3)))
        said = f"{len(layer.tables)} tables loaded" if layer.tables else "nothing to load"
        context.listener.note(f"{layer.dataset} shows export {layer.export.export_id}: {said}")
        if layer.tables:
            context.report.status = "success"


_STEPS: dict[Step, Doing] = {
    "ingest": _ingest,
    "silver": _silver,
    "gold": _gold,
    "freshness": _freshness,
    "export": _export,
    "load": _load,
}


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


def _built_recorder(context: Context, run_id: str) -> Callable[[list[Check], Path], None]:
    """What failed in dbt becomes events by its artifacts, in the words and with the lineage of dbt."""
    keep = _checks_recorder(context, run_id)

    def record(checks: list[Check], artifacts: Path) -> None:
        keep(checks)
        if (artifacts / "run_results.json").exists() and (said := watch.record(context.settings, artifacts, run_id)):
            context.listener.note(said)

    return record


@contextmanager
def _recorded(context: Context, step: str, run_id: str, parent: str | None) -> Iterator[str]:
    """A run in the opstore around a step; a killed process leaves the start alone."""
    context.opstore.start(
        RunStart(run_id, step, None, parent, context.settings.deadline, _revision(), json.dumps(_versions()))
    )
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


@contextmanager
def _home_lock(settings: Settings, *, alone: bool) -> Iterator[None]:
    """A command alone in its home, or beside others that need not be."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with file_lock(settings.home / "lock", settings.lock_wait, shared=not alone):
        yield
