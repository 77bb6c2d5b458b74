"""What the terminal shows: progress while working, and at the end a table per layer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from types import TracebackType
from typing import Any

from rich import box, progress
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from olist.pipeline import Report

__all__ = ["Progress", "print_report", "print_status"]

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
    """A table per layer, and one line that sums up."""
    for layer, rows in groupby(report.layers, key=lambda row: row.layer):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        table.add_column(f"[bold]{layer}[/]", no_wrap=True)
        for name in (*_COUNTS, "seconds"):
            table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
        listed = list(rows)
        for row in listed:
            table.add_row(row.table, *(f"{getattr(row, name):,}" for name in _COUNTS), f"{row.seconds:.2f}")
        table.add_section()
        table.add_row("total", *(f"{sum(getattr(row, name) for row in listed):,}" for name in _COUNTS), "")
        console.print(table)
    failed = sum(check.status != "pass" for check in report.checks)
    checks = f", {len(report.checks):,} checks ({failed} failed)" if report.checks else ""
    said = {"success": "done", "no_op": "nothing to do", "failed": "failed"}[report.status]
    console.print(f"run {report.run_id}: {said} in {report.seconds:.1f} s{checks}")


def print_status(console: Console, document: Mapping[str, Any]) -> None:
    """The latest runs with their steps, newest first."""
    if not document["runs"]:
        console.print(f"no runs yet under {document['home']}: `olist run` makes the first", soft_wrap=True)
        return
    table = Table("run", "step", "state", "started (UTC)", "seconds", "rows in", "published", "rejected", "message")
    for run in document["runs"]:
        for entry in [run, *reversed(run["steps"])]:
            step = entry["step"] if entry["parent_run_id"] is None else f"  {entry['step']}"
            table.add_row(
                run["run_id"] if entry is run else "", step, _state(entry), *_numbers(entry), _first_line(entry)
            )
    console.print(table)


def _state(entry: Mapping[str, Any]) -> str:
    colour = {"failed": "red", "lost": "red", "running": "yellow"}.get(entry["status"], "green")
    return f"[{colour}]{entry['status']}[/]"


def _numbers(entry: Mapping[str, Any]) -> list[str]:
    started = datetime.fromisoformat(entry["started_at"])
    seconds = "" if entry["seconds"] is None else f"{entry['seconds']:.1f}"
    counts = ("" if entry[name] is None else f"{entry[name]:,}" for name in ("rows_in", "published", "rejected"))
    return [f"{started:%Y-%m-%d %H:%M:%S}", seconds, *counts]


def _first_line(entry: Mapping[str, Any]) -> str:
    return escape((entry["message"] or "").split("\n")[0])
