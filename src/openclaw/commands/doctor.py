"""`openclaw doctor`: whether the agent could do its work as it is set up."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from openclaw.terminal import FAILED, errors, open_settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds `doctor` to the command."""
    app.command(epilog="Example: `openclaw doctor --json`")(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False) -> None:
    """Check the agent's settings: record, runbooks, Discord, Gemini, addresses. Posts nothing. Exit code 1 where something is missing."""
    with errors():
        from openclaw.doctor import examine

        findings = examine(open_settings())
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    for finding in findings if not as_json else ():
        typer.echo(f"{finding.status:<8}{finding.part:<12}{finding.check}: {finding.found}")
        if finding.remedy:
            typer.echo(f"        remedy      {finding.remedy}")
    if any(finding.status == "failed" for finding in findings):
        raise typer.Exit(FAILED)
