"""`openclaw triage`: the artifacts of any dbt project, or one error text, explained."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from openclaw.triage import Triage

__all__ = ["register"]

INCIDENTS, UNREADABLE = 1, 2


class Format(StrEnum):
    """How the answer is written."""

    text = "text"
    json = "json"
    markdown = "markdown"


def register(app: typer.Typer) -> None:
    """Adds `triage` to the command."""
    app.command(epilog="Example: `openclaw triage target/` or `dbt build 2>&1 | openclaw triage --message -`")(triage)


def triage(
    place: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR", help="What dbt writes to (target/), the project, or one artifact.", show_default=False
        ),
    ] = None,
    message: Annotated[
        str | None,
        typer.Option("--message", help="Explain one error text of any tool instead; `-` reads standard input."),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How the answer is written.")] = Format.text,
) -> None:
    """Finds the root causes in dbt's run_results.json and sources.json: one incident per cause, with all that it affects.

    Works for any version of dbt, any adapter and Fusion; nothing has to be configured, and nothing is sent anywhere.
    As text it exits with 0 where nothing is wrong, 1 with incidents, 2 where an artifact could not be read. Otherwise always with 0.
    """
    if (place is None) == (message is None):
        raise typer.BadParameter("Give either DIR, the folder that dbt writes to, or --message.")
    from openclaw.diagnosis import RuleError

    try:
        if message is not None:
            _explain(sys.stdin.buffer.read().decode("utf-8", "replace") if message == "-" else message, output)
        elif place is not None:
            _examine(place, output)
    except RuleError as error:
        typer.echo(f"A rule of your own cannot be used. {error}", err=True)
        raise typer.Exit(UNREADABLE) from error


def _explain(message: str, output: Format) -> None:
    from openclaw.diagnosis import diagnose  # loads its rules
    from openclaw.triage_report import message_as_json, message_as_text

    diagnosis = diagnose(message)
    typer.echo(message_as_json(diagnosis) if output is Format.json else message_as_text(diagnosis))


def _examine(place: Path, output: Format) -> None:
    from openclaw.triage import triage as examine
    from openclaw.triage_report import as_json, as_markdown, as_text

    found = examine(place)
    show = {Format.text: as_text, Format.json: as_json, Format.markdown: as_markdown}[output]
    typer.echo(show(found))
    if output is Format.text:
        raise typer.Exit(_exit_code(found))


def _exit_code(found: Triage) -> int:
    if found.findings:
        return INCIDENTS
    return UNREADABLE if found.errors else 0
