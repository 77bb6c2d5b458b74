"""`olist monitor`: the data against its own history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from olist.console import Json, err, finish_piece, out, settings
from olist.terminal import Progress

__all__ = ["register"]

monitor = typer.Typer(help="The data against its own history.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group to `app`."""
    app.add_typer(monitor, name="monitor")


@monitor.callback()
def group() -> None:
    """Sub-commands only, also while there is one."""


@monitor.command(epilog="Example: `olist monitor drift`, once a day")
def drift(
    day: Annotated[
        datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Day to measure for; default: today (UTC).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure silver's volumes and distributions, and put on record what is far from usual for the weekday."""
    from olist.monitor.run import drift as judge

    with Progress(err if as_json else out) as listener:
        report = judge(settings(), today=(day or datetime.now(UTC)).date(), listener=listener)
    finish_piece(report, as_json)
