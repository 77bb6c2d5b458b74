"""`openclaw runbooks`: find the runbook for an error, read one, check a folder of one's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from openclaw.model import Section
from openclaw.settings import SettingsError, load_settings

app = typer.Typer(help="How to mend what fails: found by an error's text.", no_args_is_help=True)

Folder = Annotated[Path | None, typer.Option(help="Another folder of runbooks; default: OPENCLAW_RUNBOOKS.")]


def register(parent: typer.Typer) -> None:
    """Add the sub-commands to `openclaw`."""
    parent.add_typer(app, name="runbooks")


@app.command(epilog='Example: `openclaw runbooks search "deadlock detected"`')
def search(
    text: Annotated[str, typer.Argument(help="An error's text; - reads it from standard input.")],
    category: Annotated[list[str] | None, typer.Option(help="What the diagnosis says; may be repeated.")] = None,
    resource: Annotated[str | None, typer.Option(help="What failed, such as silver.orders.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many runbooks.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array, sections included.")] = False,
    folder: Folder = None,
) -> None:
    """Find the runbooks for an error, best first, with the fix of the best."""
    from openclaw.runbooks import Runbooks

    try:
        found = Runbooks.of(load_settings(runbooks=folder)).search(
            sys.stdin.read() if text == "-" else text, categories=category or (), resource=resource, limit=limit
        )
    except SettingsError as error:
        typer.echo(f"error {error}", err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps([_as_json(section) for section in found], indent=2, ensure_ascii=False))
    else:
        _print(found)


@app.command(epilog="Example: `openclaw runbooks check --folder our-runbooks`")
def check(folder: Folder = None) -> None:
    """Read every runbook and name what is wrong with those that cannot be used."""
    from openclaw.runbooks import Runbooks

    settings = load_settings(runbooks=folder)
    runbooks = Runbooks.load(settings.runbooks)
    for fault in runbooks.faults:
        typer.echo(f"error {fault}", err=True)
    typer.echo(f"{len(runbooks.runbooks)} runbooks in {settings.runbooks}, {len(runbooks.faults)} cannot be used")
    if runbooks.faults:
        raise typer.Exit(1)


def _as_json(section: Section) -> dict[str, object]:
    return {
        "runbook_id": section.runbook_id,
        "title": section.title,
        "heading": section.heading,
        "text": section.text,
        "score": round(section.score, 4),
    }


def _print(found: tuple[Section, ...]) -> None:
    if not found:
        typer.echo("no runbook matches")
        return
    best = found[0].runbook_id
    for runbook_id in dict.fromkeys(section.runbook_id for section in found):
        section = next(s for s in found if s.runbook_id == runbook_id)
        typer.echo(f"{section.score:5.2f}  {runbook_id}  {section.title}")
    for section in found:
        if section.runbook_id == best and section.heading.startswith("Fix"):
            typer.echo(f"\n{section.heading}\n\n{section.text}")
