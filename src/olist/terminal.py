"""What the terminal shows: progress while working, and at the end a table per layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any

from rich import progress
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from olist.doctor import Finding
from olist.lake.batches import Batch, Verdict
from olist.report import LayerRow, Report

__all__ = ["Progress", "print_batches", "print_checks", "print_findings", "print_report", "print_status"]

_COUNTS = ("rows_in", "published", "superseded", "rejected", "quarantined")


class Progress:
    """A listener of the pipeline that draws one line per layer, and nothing where nobody looks."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = progress.Progress(
            progress.TextColumn("{task.description:<8}"),
            progress.BarColumn(bar_width=24),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TextColumn("{task.fields[part]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: progress.TaskID | None = None

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def source(self, name: str, reason: str) -> None:
        self._console.print(f"source: [bold]{escape(name)}[/] ({escape(reason)})", soft_wrap=True)

    def begin(self, layer: str, total: int | None) -> None:
        self._task = self._bars.add_task(layer, total=total, part="")

    def advance(self, part: str) -> None:
        if self._task is not None:
            self._bars.update(self._task, advance=1, part=part)

    def note(self, text: str) -> None:
        self._console.print(escape(text), soft_wrap=True)


def print_report(console: Console, report: Report) -> None:
    """A table per layer that changed, and one line that sums up."""
    for layer, rows in groupby(report.layers, key=lambda row: row.layer):
        changed = [row for row in rows if row.rows_in]
        if changed:
            console.print(_layer_table(layer, changed), "")
    failed = sum(check.status in ("fail", "error") for check in report.checks)
    checks = f", {len(report.checks):,} checks ({failed} failed)" if report.checks else ""
    said = {"success": "done", "no_op": "nothing to do", "failed": "failed"}[report.status]
    console.print(f"run {report.run_id}: {said} in {report.seconds:.1f} s{checks}", soft_wrap=True)


def _layer_table(layer: str, rows: Sequence[LayerRow]) -> Table:
    """Fits 80 columns."""
    table = _plain_table()
    table.add_column(f"[bold]{layer}[/]", min_width=21)
    for name in (*_COUNTS, "sec"):
        table.add_column(name.replace("_", " "), justify="right", min_width=9 if name == "rows_in" else 0)
    for row in rows:
        table.add_row(row.table, *(f"{getattr(row, name):,}" for name in _COUNTS), f"{row.seconds:.2f}")
    table.add_row("total", *(f"{sum(getattr(row, name) for row in rows):,}" for name in _COUNTS), style="bold")
    return table


def print_findings(console: Console, findings: Iterable[Finding]) -> None:
    """What `olist doctor` found, and what to do where something is missing."""
    for finding in findings:
        line = f"{finding.status:<8}{finding.part:<10}{finding.check}: {finding.found}"
        console.print(escape(line), style="red" if finding.status == "failed" else None, soft_wrap=True)
        if finding.remedy:
            console.print(escape(f"        remedy    {finding.remedy}"), soft_wrap=True)


def print_batches(console: Console, batches: Iterable[tuple[Batch, Verdict]]) -> None:
    """The lake's batches with their state. A run id is never cut: `olist lake withdraw` takes it."""
    table = _plain_table()
    for name in ("table", "date"):
        table.add_column(name)
    table.add_column("run", no_wrap=True)
    table.add_column("rows", justify="right")
    table.add_column("state")
    for batch, state in batches:
        table.add_row(batch.table, batch.processing_date, batch.run_id, f"{batch.object.rows:,}", state)
    console.print(table if table.row_count else "the lake has no batches")


def print_status(console: Console, document: Mapping[str, Any]) -> None:
    """The latest runs with their steps, newest first."""
    if not document["runs"]:
        console.print(f"no runs yet under {document['home']}: `olist run` makes the first", soft_wrap=True)
        return
    table = _plain_table()
    for name in ("started (UTC)", "step", "state"):
        table.add_column(name)
    for name in ("sec", "rows in", "published", "rejected"):
        table.add_column(name, justify="right")
    for run in document["runs"]:
        table.add_row(*_status_cells(run), style="bold")
        for step in reversed(run["steps"]):
            table.add_row("", *_status_cells(step)[1:])
    console.print(table, "")
    console.print(_freshness_table(document["tables"]))
    for incident in document["incidents"]:
        said = f"{incident['severity']} {incident['state']} since {incident['opened_at'][:19]}: {incident['title']}"
        console.print(f"[red]{escape(said)}[/] (openclaw incidents show {incident['incident_id']})", soft_wrap=True)
    for run in document["runs"]:
        if run["message"]:
            console.print(f"{run['started_at'][:19]} {escape(run['message'])}", soft_wrap=True)


def _freshness_table(tables: Sequence[Mapping[str, Any]]) -> Table:
    table = _plain_table()
    for name in ("table", "last delivery (UTC)", "state"):
        table.add_column(name)
    for row in tables:
        since = f" since {_moment(row['stale_at'])}" if row["state"] == "stale" else ""
        colour = {"stale": "red", "missing": "yellow"}.get(row["state"], "green")
        table.add_row(row["table"], _moment(row["arrived_at"]), f"[{colour}]{row['state']}{since}[/]")
    return table


def _moment(text: str | None) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}" if text else ""


def _status_cells(run: Mapping[str, Any]) -> list[str]:
    started = datetime.fromisoformat(run["started_at"])
    colour = {"failed": "red", "lost": "red", "running": "yellow"}.get(run["status"], "green")
    seconds = "" if run["seconds"] is None else f"{run['seconds']:.1f}"
    counts = ("" if run[name] is None else f"{run[name]:,}" for name in ("rows_in", "published", "rejected"))
    return [f"{started:%Y-%m-%d %H:%M:%S}", run["step"], f"[{colour}]{run['status']}[/]", seconds, *counts]


def print_checks(console: Console, document: Mapping[str, Any], folder: Path) -> None:
    """The checks by asset, those that failed one by one, and where the whole report lies."""
    table = _plain_table()
    table.add_column("asset")
    for name in ("checks", "failed", "warned"):
        table.add_column(name, justify="right")
    for asset, group in groupby(document["checks"], key=lambda check: check["asset"]):
        checks = list(group)
        failed = [c for c in checks if c["status"] != "pass"]
        warned = sum(c["severity"] == "warn" for c in failed)
        table.add_row(asset, str(len(checks)), str(len(failed) - warned), str(warned))
    console.print(table)
    for check in (c for c in document["checks"] if c["status"] != "pass"):
        said = f"{check['severity']} {check['asset']} {check['check']}: {check['message'] or check['status']}"
        console.print(escape(said), soft_wrap=True)
    by_layer = ", ".join(f"{layer} {count}" for layer, count in document["by_layer"].items())
    console.print(f"{document['total']:,} checks ({by_layer}), {document['failed']} failed", soft_wrap=True)
    console.print(f"{folder / 'report.html'}", soft_wrap=True, markup=False)


def _plain_table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
