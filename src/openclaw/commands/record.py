"""`openclaw record`: what dbt left behind, put on record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openclaw.terminal import UNREADABLE, errors, open_record

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds `record` to the command."""
    app.command(epilog="Example: `dbt build; openclaw record target/ && openclaw poll`")(record)


def record(
    place: Annotated[
        Path, typer.Argument(metavar="DIR", help="What dbt writes to: target/, the project, or a folder of such.")
    ],
    parent: Annotated[str | None, typer.Option(help="The run in the record that dbt was part of.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only what could not be read.")] = False,
) -> None:
    """Writes dbt's invocations as runs, their tests as checks, their failures as events, and the lineage of the manifest.

    Once per invocation, however often it is called. Exits with 2 where an artifact could not be read; that is an event, too.
    """
    with errors():
        from openclaw.recording import record as write  # loads what reads artifacts

        found = [write(open_record(), one, parent) for one in _places(place.absolute())]
        for done in found if not quiet else ():
            typer.echo(f"{', '.join(done.runs) or 'no invocation'}: {done.events} failed, {done.checks} passed")
        problems = [error for done in found for error in done.errors]
        for error in problems:
            typer.echo(f"openclaw: not readable: {error}")
        if problems:
            raise typer.Exit(UNREADABLE)


def _places(place: Path) -> list[Path]:
    """The folder itself; or the folders in it, where it holds those of several invocations."""
    inner = sorted({path.parent for name in ("run_results", "sources") for path in place.glob(f"*/{name}.json")})
    own = (place / "run_results.json").exists() or (place / "sources.json").exists() or (place / "target").exists()
    return [place] if own or not inner else inner
