"""`openclaw maintenance`, `openclaw digest`, `openclaw prune`: windows without alerts, the day in a few lines, retention."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from openclaw import actions
from openclaw.terminal import Actor, Reason, errors, open_record, open_settings, span
from openclaw.text import line
from opstore.store import open_opstore

__all__ = ["register"]

maintenance = typer.Typer(help="Times without alerts for some assets; they expire.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds `maintenance`, `digest` and `prune` to the command."""
    app.add_typer(maintenance, name="maintenance")
    app.command(epilog="Example: `openclaw digest`")(digest)
    app.command(epilog="Example: `openclaw prune --days 90`")(prune)


@maintenance.command(epilog="Example: `openclaw maintenance add 'silver.*' --for 2h --reason migration`")
def add(
    pattern: Annotated[str, typer.Argument(help="An asset, or a pattern such as silver.*")],
    actor: Actor,
    reason: Reason,
    length: Annotated[str, typer.Option("--for", help="30m, 4h, 2d.")],
    start: Annotated[datetime | None, typer.Option("--from", help="When it begins (UTC); default: now.")] = None,
) -> None:
    """No alerts of incidents whose root matches, for a while. They are kept, and told of afterwards if they are still open."""
    with errors():
        begins = start.replace(tzinfo=UTC) if start else datetime.now(UTC)
        window = actions.add_maintenance(
            open_record(), pattern, starts_at=begins, ends_at=begins + span(length), actor=actor, reason=reason
        )
        typer.echo(f"{window.silence_id}: no alerts of {window.pattern} from {window.starts_at} until {window.ends_at}")


@maintenance.command("list", epilog="Example: `openclaw maintenance list`")
def list_windows() -> None:
    """Mutes and windows that hold or are to come."""
    with errors():
        found = actions.silences(open_record())
        for one in found:
            said = f"{one.starts_at} to {one.ends_at}, by {line(one.actor)}: {line(one.reason)}"
            typer.echo(f"{one.silence_id}  {line(one.pattern)}  {said}")
        if not found:
            typer.echo("nothing is silenced")


@maintenance.command(epilog="Example: `openclaw maintenance end maintenance-1a2b3c4d --reason done`")
def end(silence_id: Annotated[str, typer.Argument(metavar="SILENCE")], actor: Actor, reason: Reason) -> None:
    """End a mute or a window now."""
    with errors():
        actions.end_silence(open_record(), silence_id, actor=actor, reason=reason)
        typer.echo(f"{silence_id} ended")


def digest() -> None:
    """The last 24 hours in a few lines: incidents, runs, noise, and how long the agent was silent."""
    with errors():
        from openclaw import daily

        typer.echo("\n".join(line(said) for said in daily.digest(open_record()).splitlines()))


def prune(
    days: Annotated[int | None, typer.Option(min=1, help="Default: OPENCLAW_RETENTION_DAYS.")] = None,
) -> None:
    """Delete runs, checks and events that are older than they are kept; each day's first pass does it, too. Incidents stay."""
    with errors():
        settings = open_settings()
        gone = open_opstore(settings.opstore).prune(days or settings.retention_days)
        typer.echo(f"{gone:,} rows older than {days or settings.retention_days} days deleted")
