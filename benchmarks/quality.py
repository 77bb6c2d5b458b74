"""What does quality add to a run? The same delivery to silver with the gates and without them, each in a process of its own.

    python benchmarks/quality.py [--source FOLDER_OR_ZIP] [--repeat 3]

A process of its own, because importing Great Expectations is part of the price. Without the gates nothing is measured, judged or
documented, and everything passes. Shown is the median of the repeats, and what the parts took in the last run with the gates: parts run
beside other work, so that they add up to more than the difference.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

REAL_ZIP = Path(
    os.environ.get("OLIST_TEST_DATA", Path(__file__).parents[2] / "shared/data/olist/brazilian-ecommerce.zip")
)
LIMIT = 15.0
"""How many seconds quality may add on the real data."""

Seconds = dict[str, float]


def one_run(source: str, gates: bool) -> Seconds:
    """Bronze and silver of a delivery on an embedded server of its own: total seconds and those of the parts of quality."""
    from olist import pipeline
    from olist.settings import load_settings
    from olist.warehouse import embedded

    with tempfile.TemporaryDirectory(prefix="olist-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        embedded.start(home)
        parts = _timed() if gates else _switched_off()
        started = time.perf_counter()
        try:
            reports = [
                pipeline.ingest(load_settings(home=home, source=source)),
                pipeline.silver(load_settings(home=home)),
            ]
        finally:
            embedded.stop(home)
        for report in reports:
            if report.error is not None:
                raise report.error
        checks = sum(len(report.checks) for report in reports)
        return {"total": time.perf_counter() - started, "checks": checks, **parts}


def _timed() -> Seconds:
    from olist.bronze import ingest
    from olist.quality import judge
    from olist.silver import build

    seconds: Seconds = defaultdict(float)

    def wrap(owner: Any, name: str, shown: str) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        def timed(*arguments: Any) -> Any:
            started = time.perf_counter()
            try:
                return inner(*arguments)
            finally:
                seconds[shown] += time.perf_counter() - started

        setattr(owner, name, timed)

    wrap(ingest, "profile", "bronze: metrics")
    wrap(ingest, "expected_of", "bronze: how files meet")
    wrap(build, "measure", "silver: metrics")
    wrap(judge, "_made_context", "import of Great Expectations")
    wrap(judge, "_validate", "judgement")
    wrap(judge, "write_pages", "Data Docs")
    return seconds


def _switched_off() -> Seconds:
    from olist.bronze import ingest
    from olist.silver import build

    for module in (ingest, build):
        setattr(module, "warm_up", lambda: None)  # noqa: B010
    setattr(ingest, "profile", lambda *_: None)  # noqa: B010
    setattr(build, "_audit", lambda *_: [])  # noqa: B010
    return {}


def _in_a_process(source: str, gates: bool) -> Seconds:
    code = (
        "import json, sys; from quality import one_run; print(json.dumps(one_run(sys.argv[1], sys.argv[2] == 'True')))"
    )
    command = [sys.executable, "-c", code, source, str(gates)]
    result = subprocess.run(command, cwd=Path(__file__).parent, stdout=subprocess.PIPE, text=True, check=True)
    found: Seconds = json.loads(result.stdout.splitlines()[-1])
    return found


def main(
    source: Annotated[Path, typer.Option(help="A folder of CSVs or the Kaggle zip.")] = REAL_ZIP,
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each kind.")] = 3,
) -> None:
    """Print both medians, their difference and the parts; exit code 1 when quality adds more than it may."""
    runs: dict[bool, list[Seconds]] = {True: [], False: []}
    for _ in range(repeat):
        for gates, found in runs.items():
            found.append(_in_a_process(str(source), gates))
    with_gates, without = (statistics.median(r["total"] for r in runs[gates]) for gates in (True, False))
    table = Table("part", "seconds", box=None)
    table.add_row("bronze and silver without quality", f"{without:.2f}")
    table.add_row("bronze and silver with quality", f"{with_gates:.2f}")
    table.add_row("quality adds", f"{with_gates - without:.2f}", style="bold")
    for part, seconds in runs[True][-1].items():
        if part not in ("total", "checks"):
            table.add_row(f"  {part}", f"{seconds:.2f}")
    console = Console()
    console.print(table)
    console.print(f"{runs[True][-1]['checks']:.0f} checks; quality may add {LIMIT:g} s")
    raise typer.Exit(int(with_gates - without > LIMIT))


if __name__ == "__main__":
    typer.run(main)
