"""`openclaw poll`: one pass, as a job, a pipeline or a person calls for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from openclaw import actions
from openclaw.actions import CannotDo
from openclaw.alerts import history_of
from openclaw.incident import view_of
from openclaw.settings import Settings
from openclaw.terminal import errors, open_settings, span
from openclaw.text import as_text
from opstore.store import Opstore, open_opstore

if TYPE_CHECKING:
    from openclaw.agent import Poll

__all__ = ["register"]

_AGAIN, _ASK_AGAIN = 0.2, 2.0  # seconds; a service reads the record for each answer


def register(app: typer.Typer) -> None:
    """Adds `poll` to the command."""
    app.command(epilog="Example: `openclaw poll`, every five minutes")(poll)


def poll(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object; alerts go to standard error.")
    ] = False,
    run: Annotated[
        str | None, typer.Option(help="Show the incidents of this run, whoever was told of them before.")
    ] = None,
    wait: Annotated[str, typer.Option(help="How long to wait for another pass to end: 30s, 5m.")] = "0s",
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print nothing where nothing is new and nothing open.")
    ] = False,
) -> None:
    """One pass: reads what is new in the record, opens, widens and closes incidents, sends and edits alerts.

    Any number may run at once: one works, the others say so and end. Where OPENCLAW_SERVICE is set, that service makes the pass.
    """
    with errors():
        settings = open_settings()
        printed: list[str] = []

        def write(text: str) -> None:
            printed.append(text)
            typer.echo(text, err=as_json)

        store = open_opstore(settings.opstore)
        try:
            one_pass, told = _pass_of(settings, store, write)
            done = _patiently(one_pass, span(wait).total_seconds(), _AGAIN if settings.service is None else _ASK_AGAIN)
        except CannotDo:  # no pass of the service; what earlier ones made of the run is in the record that is shared
            _show_run(store, settings, run, printed, write)
            raise
        _show_run(store, settings, run, printed, write)
        if as_json:
            typer.echo(json.dumps(asdict(done)))
            return
        if not (quiet and done.state == "done" and not done.events and not done.resolved and not done.open_incidents):
            typer.echo(_summary(asdict(done), told))


def _pass_of(settings: Settings, store: Opstore, write: Callable[[str], None]) -> tuple[Callable[[], Poll], str]:
    """What makes one pass, and where its alerts go unless they are printed."""
    if settings.service is not None:
        from openclaw.remote import remote_pass

        return remote_pass(settings.service, settings), f"by {settings.service}"
    from openclaw.assembly import build_agent

    agent = build_agent(settings, write, store)
    return agent.poll, "" if settings.discord_webhook is None else f"in {agent.channel.name}"


def _patiently(one_pass: Callable[[], Poll], seconds: float, again: float) -> Poll:
    """A pass, once another has ended."""
    until = time.monotonic() + seconds
    while (done := one_pass()).state == "busy" and time.monotonic() < until:
        time.sleep(again)
    return done


def _show_run(
    store: Opstore, settings: Settings, run: str | None, printed: Sequence[str], write: Callable[[str], None]
) -> None:
    """What the pass has not printed of the run's incidents: another channel was told, or an earlier pass has printed it."""
    for incident in actions.incidents_of_run(store, run) if run is not None else ():
        view = view_of(incident, history_of(store, incident.incident_id), settings.public_url)
        if (text := as_text(view)) not in printed:
            write(text)


def _summary(done: dict[str, object], told: str) -> str:
    if done["state"] != "done":
        return "openclaw: another pass is at work" if done["state"] == "busy" else "openclaw: overtaken by another pass"
    counts = [f"{done[name]} {name}" for name in ("opened", "widened", "reopened", "resolved") if done[name]]
    sent = f", {done['alerts_sent']} alerts sent and {done['alerts_edited']} edited {told}"
    missed = f", {done['alerts_failed']} could not be sent and wait" if done["alerts_failed"] else ""
    missed += f", {done['alerts_waiting']} wait after earlier attempts" if done["alerts_waiting"] else ""
    said = (", ".join(counts) or "nothing new") + (sent if told and counts else "") + missed
    return f"openclaw: {said}; {done['open_incidents']} open"
