"""`olist housekeeping`: removes what is kept no longer, and says what in numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from olist.console import errors, out, settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: `olist housekeeping --days 90`")(housekeeping)


def housekeeping(
    days: Annotated[int, typer.Option(min=1, help="Age from which on validation results and logs are removed.")] = 90,
) -> None:
    """Remove old validation results, logs and what a crash left half written. The record is pruned by `openclaw prune`."""
    from olist.housekeeping import sweep

    with errors():
        for swept in sweep(settings(), days):
            out.print(f"{swept.what}: {swept.removed:,} removed ({swept.freed:,} bytes), {swept.kept:,} kept")
