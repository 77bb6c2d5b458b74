"""The steps, each recorded as a run: the CLI, Airflow and the jobs all enter here.

`run` does all of them; `ingest`, `silver` and `gold` one each; what a scheduler runs piece by piece is in `olist.pieces`. Every step may
be repeated: it does only what is missing, and what was published stays until something green replaces it. One step at a time changes a
platform: a file lock guards its home, an advisory lock its warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Literal

from olist import failures, watch
from olist.bronze.ingest import Ingested
from olist.bronze.ingest import ingest as ingest_bronze
from olist.contracts import load_contracts
from olist.errors import AuditFailed
from olist.export.export import export as export_layers
from olist.export.load import load_exports
from olist.gold.announce import NotAnnounced, announce
from olist.gold.build import STAGED, build_gold
from olist.gold.freshness import ask_freshness
from olist.lake.open import open_lake
from olist.lineage import edges
from olist.quality.freshness import freshness
from olist.report import LayerRow, Listener, Report, Silent
from olist.runs import Context, Doing, built_recorder, gate, perform, recorded
from olist.settings import Settings
from olist.silver.build import SilverResult, Work, build_silver
from olist.source.locate import delivery
from olist.warehouse.connect import connect, warehouse_url
from olist.warehouse.publish import exclusive, record_deliveries

__all__ = [
    "LayerRow",
    "Report",
    "account_ingested",
    "account_silver",
    "export",
    "gold",
    "ingest",
    "load",
    "quarantine_accounted",
    "record_arrivals",
    "run",
    "silver",
    "silver_work",
    "withdraw",
]

Step = Literal["run", "ingest", "silver", "gold", "freshness", "export", "load"]


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


def withdraw(settings: Settings, table: str, run_id: str, reason: str, *, listener: Listener | None = None) -> Report:
    """Take a batch back, while no run, of whatever home, changes the warehouse: it leaves silver at its next build.

    Raises as `Lake.withdrawable` does: what was asked wrongly is no failure of the platform.
    """
    lake = open_lake(settings)
    lake.withdrawable(table, run_id, reason)

    def work(context: Context, _: str) -> None:
        with connect(warehouse_url(settings), "run") as connection, exclusive(connection, settings.lock_wait):
            batch = lake.withdraw(table, run_id, reason)
        context.report.status = "success"
        rows = f"{batch.object.rows:,} rows"
        context.listener.note(f"withdrawn: {table} {run_id}, {rows}; `olist silver` and `olist gold` apply it")

    return perform("withdraw", settings, listener or Silent(), work)


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
            with recorded(context, part, f"{run_id}.{part}", run_id) as part_id:
                _STEPS[part](context, part_id)

    return perform(step, settings, listener, work, told_by=told_by, processing_date=processing_date)


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
        superseded = r.rows if r.superseded_by else 0
        published, seconds = r.rows - superseded, round(r.seconds, 3)
        context.report.layers.append(LayerRow("bronze", r.table, r.rows, published, superseded, 0, 0, seconds))
        if r.superseded_by:
            days = f"{r.batch.processing_date} is superseded by that of {r.superseded_by.processing_date}"
            context.listener.note(f"bronze.{r.table}: the snapshot of {days}, silver does not show it")
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
            on_built=built_recorder(context, run_id),
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
