"""`openclaw incidents`: what is wrong, one incident in full, and what people do to it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from openclaw import actions
from openclaw.alerts import history_of
from openclaw.incident import Incident, view_of
from openclaw.terminal import Actor, Reason, errors, open_record, open_settings, span
from openclaw.text import as_text, line
from opstore.store import open_opstore

__all__ = ["register"]

incidents = typer.Typer(help="What is wrong, and what people do about it.", invoke_without_command=True)
Id = Annotated[str, typer.Argument(metavar="INCIDENT", help="Its id, from `openclaw incidents list`.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Adds `incidents` to the command."""
    app.add_typer(incidents, name="incidents")


@incidents.callback()
def default(context: typer.Context) -> None:
    """Without a sub-command: the list."""
    if context.invoked_subcommand is None:
        list_incidents()


@incidents.command("list", epilog="Example: `openclaw incidents list --state any --limit 20`")
def list_incidents(
    state: Annotated[
        Literal["unresolved", "any", "open", "acknowledged", "reopened", "resolved"], typer.Option(help="Which ones.")
    ] = "unresolved",
    text: Annotated[str | None, typer.Option(help="Words in the title, the root or the id.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: Json = False,
) -> None:
    """Incidents, the worst and then the latest first."""
    with errors():
        found = actions.find_incidents(open_record(), state=state, text=text, limit=limit)
        if as_json:
            typer.echo(json.dumps([asdict(incident) for incident in found], ensure_ascii=False))
            return
        for incident in found:
            typer.echo(_row(incident))
        if not found:
            typer.echo("no incidents" if state == "any" else f"no incidents that are {state}")


@incidents.command(epilog="Example: `openclaw incidents show inc-0123456789ab`")
def show(incident_id: Id, as_json: Json = False) -> None:
    """One incident in full: why, what it affects, the evidence, the actions, and everything that was done."""
    with errors():
        settings = open_settings()
        store = open_opstore(settings.opstore)
        incident = actions.get_incident(store, incident_id)
        view = view_of(incident, history_of(store, incident_id), settings.public_url)
        if as_json:
            typer.echo(json.dumps(asdict(view), ensure_ascii=False))
            return
        typer.echo(as_text(view))
        for row in actions.timeline(store, incident_id):
            reason = f": {line(row['reason'])}" if row["reason"] else ""
            typer.echo(f"  {row['occurred_at']} {row['change']} by {line(row['actor'])}{reason}")
        for past in actions.similar(store, incident):
            typer.echo(f"  before: {past.incident_id}, resolved by {line(past.actor)}: {line(past.reason or '')}")


@incidents.command(epilog="Example: `openclaw incidents ack inc-0123456789ab --by Ana`")
def ack(incident_id: Id, actor: Actor, reason: Annotated[str, typer.Option("--reason")] = "") -> None:
    """Say that you look after it."""
    with errors():
        done = actions.acknowledge(open_record(), incident_id, actor=actor, reason=reason)
        typer.echo(f"{incident_id} acknowledged by {done.actor}; the alert follows with the next pass")


@incidents.command(
    epilog='Example: `openclaw incidents mute inc-0123456789ab --for 4h --reason "known, mended tonight"`'
)
def mute(
    incident_id: Id, actor: Actor, reason: Reason, length: Annotated[str, typer.Option("--for", help="30m, 4h, 2d.")]
) -> None:
    """No alerts of it for a while; it stays open."""
    with errors():
        until = datetime.now(UTC) + span(length)
        silence = actions.mute(open_record(), incident_id, until=until, actor=actor, reason=reason)
        typer.echo(f"{incident_id} is muted until {silence.ends_at} ({silence.silence_id})")


@incidents.command(
    epilog='Example: `openclaw incidents resolve inc-0123456789ab --reason "the producer sent it again"`'
)
def resolve(incident_id: Id, actor: Actor, reason: Reason) -> None:
    """Say that it is over, and why. What the same check finds later opens it again."""
    with errors():
        done = actions.resolve(open_record(), incident_id, actor=actor, reason=reason)
        typer.echo(f"{incident_id} resolved by {done.actor}; the alert follows with the next pass")


def _row(incident: Incident) -> str:
    seen = f"{incident.event_count} times, last {incident.last_seen[:19]}"
    return f"{incident.incident_id}  {incident.severity}  {incident.state:<12}  {line(incident.title, 90)}  ({seen})"
