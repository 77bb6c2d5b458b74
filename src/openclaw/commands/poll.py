"""`openclaw poll`: one pass, as a job, a pipeline or a person calls for it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from openclaw.terminal import errors, open_settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds `poll` to the command."""
    app.command(epilog="Example: `openclaw poll`, every five minutes")(poll)


def poll(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object; alerts go to standard error.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print nothing where nothing is new and nothing open.")
    ] = False,
) -> None:
    """One pass: reads what is new in the record, opens, widens and closes incidents, sends and edits alerts.

    Any number may run at once: one works, the others say so and end.
    """
    with errors():
        from openclaw.assembly import build_agent

        settings = open_settings()
        agent = build_agent(settings, lambda text: typer.echo(text, err=as_json))
        done = agent.poll()
        if as_json:
            typer.echo(json.dumps(asdict(done)))
            return
        if not (quiet and done.state == "done" and not done.events and not done.resolved and not done.open_incidents):
            typer.echo(_summary(asdict(done), agent.channel.name))


def _summary(done: dict[str, object], channel: str) -> str:
    if done["state"] != "done":
        return "openclaw: another pass is at work" if done["state"] == "busy" else "openclaw: overtaken by another pass"
    counts = [f"{done[name]} {name}" for name in ("opened", "widened", "reopened", "resolved") if done[name]]
    told = f", {done['alerts_sent']} alerts sent and {done['alerts_edited']} edited in {channel}"
    missed = f", {done['alerts_failed']} could not be sent and wait" if done["alerts_failed"] else ""
    said = (", ".join(counts) or "nothing new") + (told if channel != "console" and counts else "") + missed
    return f"openclaw: {said}; {done['open_incidents']} open incidents"
