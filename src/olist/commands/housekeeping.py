"""`olist housekeeping`: what is kept no longer. The lake is immutable; a bucket's lifecycle rules end what should end there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from olist.console import errors, out, settings

__all__ = ["register"]

_DAY = 86_400.0


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: `olist housekeeping --days 90`")(housekeeping)


def housekeeping(
    days: Annotated[int, typer.Option(min=1, help="Age from which on validation results and logs are removed.")] = 90,
) -> None:
    """Remove old validation results and logs from the home. The record is pruned by `openclaw prune`."""
    with errors():
        home = settings().home
        limit, removed = time.time() - days * _DAY, 0
        for path in _old(home, limit):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            removed += 1
        out.print(f"{removed} results and logs older than {days} days removed")


def _old(home: Path, limit: float) -> Iterator[Path]:
    """Validation results by run, Airflow's task logs by run, and dbt's rotated logs."""
    for pattern in ("quality/results/*", "airflow/logs/dag_id=*/run_id=*", "dbt/logs/*.log.*", "exchange/*"):
        yield from (path for path in home.glob(pattern) if path.stat().st_mtime < limit)
