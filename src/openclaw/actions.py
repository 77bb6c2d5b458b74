"""What people read of incidents and do to them; the command and the web pages both come through here.

A change is a new row with its author's name. Where the agent has changed the same incident meanwhile, the change is decided again on what
holds then. Alerts follow at the next pass.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from openclaw.incident import Incident, incident_of, row_of
from openclaw.model import IncidentState, Severity
from openclaw.redact import redact
from openclaw.sql import statement
from opstore.store import Conflict, Opstore, utc_now

__all__ = [
    "CannotDo",
    "NoSuchIncident",
    "Silence",
    "acknowledge",
    "add_maintenance",
    "end_silence",
    "find_incidents",
    "get_incident",
    "incidents_of_run",
    "mute",
    "resolve",
    "silences",
    "similar",
    "timeline",
]

_ATTEMPTS = 5
_TEXT = 500


class CannotDo(Exception):
    """What was asked for cannot be done as things stand, or lacks a name, a reason or an end; says which."""


class NoSuchIncident(CannotDo):
    """The record has no incident of this id."""


@dataclass(frozen=True)
class Silence:
    """No alerts from `starts_at` until `ends_at` for incidents whose id, fingerprint or root matches `pattern` (`silver.*`)."""

    silence_id: str
    kind: Literal["mute", "maintenance"]
    pattern: str
    starts_at: str
    ends_at: str
    actor: str
    reason: str

    def holds(self, now: str | None = None) -> bool:
        """Whether it is in force."""
        return self.starts_at <= (now or utc_now()) < self.ends_at


# --- Reading ------------------------------------------------------------------------------------------------------------------


def find_incidents(
    store: Opstore,
    *,
    state: IncidentState | Literal["unresolved", "any"] = "unresolved",
    severity: Severity | None = None,
    category: str | None = None,
    text: str | None = None,
    limit: int = 100,
) -> list[Incident]:
    """Incidents, what is open before what is over, the worst and then the latest first. `text` is looked for in title, root and id."""
    wanted = {"state": state, "severity": severity, "category": category, "text": text or None, "limit": limit}
    return [incident_of(row) for row in store.query(statement("find_incidents"), wanted)]


def get_incident(store: Opstore, incident_id: str) -> Incident:
    """The incident as it stands. Raises NoSuchIncident."""
    rows = store.query("SELECT * FROM ops_incidents_current WHERE incident_id = ?", [incident_id])
    if not rows:
        raise NoSuchIncident(
            f"there is no incident {redact(incident_id)[:_TEXT]!r}: `openclaw incidents list` has them"
        )
    return incident_of(rows[0])


def incidents_of_run(store: Opstore, run_id: str) -> list[Incident]:
    """The incidents that what failed in a run, or in a part of it, belongs to; the worst first."""
    return [incident_of(row) for row in store.query(statement("incidents_of_run"), {"run_id": run_id})]


def timeline(store: Opstore, incident_id: str) -> list[dict[str, Any]]:
    """Every change of an incident, oldest first: `change`, `state`, `actor`, `reason`, `occurred_at` and what held after it."""
    return store.query(statement("incident_history"), {"incident_id": incident_id})


def similar(store: Opstore, incident: Incident) -> list[Incident]:
    """Resolved incidents of the same cause, the latest first."""
    wanted = {"fingerprint": incident.fingerprint, "incident_id": incident.incident_id}
    return [incident_of(row) for row in store.query(statement("past_incidents"), wanted)]


def silences(store: Opstore) -> list[Silence]:
    """Mutes and maintenance windows that hold or are to come, by their beginning."""
    names = Silence.__dataclass_fields__
    return [Silence(**{n: row[n] for n in names}) for row in store.query(statement("silences"), {"now": utc_now()})]


# --- Doing --------------------------------------------------------------------------------------------------------------------


def acknowledge(store: Opstore, incident_id: str, *, actor: str, reason: str | None = None) -> Incident:
    """Somebody looks after it. Raises NoSuchIncident, CannotDo when it is resolved."""
    who = _named(actor)

    def change(incident: Incident) -> Incident:
        if incident.is_resolved:
            raise CannotDo(f"{incident_id} is resolved already: there is nothing to acknowledge")
        return incident.after("acknowledged", actor=who, at=utc_now(), reason=_shown(reason), state="acknowledged")

    return _changed(store, incident_id, change)


def resolve(store: Opstore, incident_id: str, *, actor: str, reason: str) -> Incident:
    """Somebody says that it is over, and why. Raises NoSuchIncident, CannotDo when it is resolved or no reason is given."""
    who, why = _named(actor), _reasoned(reason)

    def change(incident: Incident) -> Incident:
        if incident.is_resolved:
            raise CannotDo(f"{incident_id} was resolved by {incident.actor} at {incident.occurred_at}")
        return incident.after("resolved", actor=who, at=utc_now(), reason=why, state="resolved")

    return _changed(store, incident_id, change)


def mute(store: Opstore, incident_id: str, *, until: datetime, actor: str, reason: str) -> Silence:
    """No alerts of this incident until then; it stays open. Raises NoSuchIncident, CannotDo."""
    who, why = _named(actor), _reasoned(reason)
    silence = _silence("mute", incident_id, datetime.now(UTC), until, who, why)

    def change(incident: Incident) -> Incident:
        if incident.is_resolved:
            raise CannotDo(f"{incident_id} is resolved: there is nothing to mute")
        return incident.after("muted", actor=who, at=utc_now(), reason=f"until {silence.ends_at}: {why}")

    _changed(store, incident_id, change, silence)
    return silence


def add_maintenance(
    store: Opstore, pattern: str, *, starts_at: datetime, ends_at: datetime, actor: str, reason: str
) -> Silence:
    """No alerts of what matches `pattern` (an asset, or `silver.*`) in this time; incidents are kept and told of afterwards."""
    if not pattern.strip():
        raise CannotDo("a maintenance window needs a pattern of assets, such as silver.*")
    silence = _silence("maintenance", pattern.strip(), starts_at, ends_at, _named(actor), _reasoned(reason))
    store.append({"ops_silences": [_row(silence, 1)]})
    return silence


def end_silence(store: Opstore, silence_id: str, *, actor: str, reason: str) -> Silence:
    """End a mute or a maintenance window now. Raises CannotDo when it is over already."""
    found = next((s for s in silences(store) if s.silence_id == silence_id), None)
    if found is None:
        raise CannotDo(f"no mute or maintenance window {silence_id!r} holds or is to come")
    rows = store.query("SELECT max(sequence) AS sequence FROM ops_silences WHERE silence_id = ?", [silence_id])
    now = utc_now()
    ended = Silence(
        silence_id, found.kind, found.pattern, min(found.starts_at, now), now, _named(actor), _reasoned(reason)
    )
    store.append({"ops_silences": [_row(ended, rows[0]["sequence"] + 1)]})
    return ended


def _changed(
    store: Opstore, incident_id: str, change: Callable[[Incident], Incident], silence: Silence | None = None
) -> Incident:
    for _ in range(_ATTEMPTS):
        after = change(get_incident(store, incident_id))
        rows = {"ops_incidents": [row_of(after, None)]}
        try:
            store.append(rows | ({"ops_silences": [_row(silence, 1)]} if silence else {}))
        except Conflict:  # it was changed meanwhile: decide again
            continue
        return after
    raise CannotDo(f"{incident_id} keeps changing: try again")


def _silence(
    kind: Literal["mute", "maintenance"], pattern: str, start: datetime, end: datetime, actor: str, reason: str
) -> Silence:
    if end <= max(start, datetime.now(UTC)):
        raise CannotDo("its end must lie in the future and after its beginning: mutes and maintenance windows expire")
    return Silence(f"{kind}-{secrets.token_hex(4)}", kind, pattern, _at(start), _at(end), actor, reason)


def _row(silence: Silence, sequence: int) -> dict[str, Any]:
    return {**{name: getattr(silence, name) for name in Silence.__dataclass_fields__}, "sequence": sequence}


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _named(actor: str) -> str:
    if not actor.strip():
        raise CannotDo("say who you are: the history keeps the name")
    return redact(actor.strip())[:_TEXT]


def _reasoned(reason: str) -> str:
    if not reason.strip():
        raise CannotDo("say why: the history keeps the reason, for whoever meets the same failure next")
    return redact(reason.strip())[:_TEXT]


def _shown(reason: str | None) -> str | None:
    return redact(reason.strip())[:_TEXT] if reason and reason.strip() else None
