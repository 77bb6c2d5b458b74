"""The outbox: what is to be said of an incident is recorded, then sent, then marked as sent.

A crash between two of these leaves an alert that the next pass finds unsent. So none is lost; and one is sent a second time only when the
process ended between the channel's answer and its recording. One alert per incident and channel: later versions edit the same message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Protocol

from openclaw.incident import Incident, incident_of, view_of
from openclaw.lease import Lease
from openclaw.model import IncidentView
from openclaw.sql import statement
from opstore.store import Opstore, utc_now

__all__ = ["Channel", "Due", "NotAccepted", "NotDelivered", "deliver", "due_alerts", "history_of", "is_silenced"]


# What a channel has refused twice waits, twice as long after each further refusal. An outage makes nothing wait, neither does news, and
# what waits is tried again once the channel has taken another alert.
_WAIT, _LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=4)
_DOUBLINGS = 10  # more than the longest wait has
_REFUSED = "refused: "  # by which due_alerts.sql knows one


class NotDelivered(Exception):
    """The channel has not taken the message; the next pass tries again."""


class NotAccepted(NotDelivered):
    """The channel will not take this message as it is; a later pass tries again."""


class Channel(Protocol):
    """Where alerts go."""

    @property
    def name(self) -> str:
        """Part of the alert's id."""
        ...

    def send(self, view: IncidentView, message_id: str | None) -> str:
        """Say it, or edit what was said under `message_id`; returns the message's id. Raises NotDelivered."""
        ...


@dataclass(frozen=True)
class Due:
    """An incident of which a channel has not been told all. `version` is the newest recorded, `sent_version` the newest sent (0: none)."""

    incident: Incident
    version: int
    sent_version: int
    is_recorded: bool


def due_alerts(store: Opstore, channel: str) -> tuple[list[Due], int]:
    """What the channel is to be told, without what is silenced now; and how many alerts more wait after refusals.

    What failed least often is first, so that no alert that always fails keeps others back; of those alike, the worst.
    """
    now = utc_now()
    silences = store.query(statement("active_silences"), {"now": now})
    rows = store.query(statement("due_alerts"), {"channel": channel})
    heard = [(due, row) for row in rows if not is_silenced((due := _due(row)).incident, silences)]
    ready = [due for due, row in heard if not (due.is_recorded and _waits(row, now))]
    return ready, len(heard) - len(ready)


def is_silenced(incident: Incident, silences: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a mute or a maintenance window speaks of the incident: by its id, its fingerprint, or a pattern of its root."""
    named = (incident.incident_id, incident.fingerprint)
    return any(s["pattern"] in named or fnmatchcase(incident.root, s["pattern"]) for s in silences)


def deliver(
    store: Opstore,
    lease: Lease,
    channel: Channel,
    due: Due,
    public_url: str | None,
    reached: Callable[[str], None],
) -> None:
    """Record, claim, send, mark. Raises NotDelivered, and Fenced when another poller has taken over."""
    view = view_of(due.incident, history_of(store, due.incident.incident_id), public_url)
    row = _row(channel, due, lease)
    if not due.is_recorded:
        row["version"] = due.version + 1
        store.append({"ops_alerts": [{**row, "content": json.dumps(asdict(view))}]}, lease.fence)
    reached("recorded")
    attempt, message_id = _so_far(store, row)
    claim = {**row, "attempt": attempt}
    store.append({"ops_alerts": [{**claim, "phase": "sending"}]}, lease.fence)
    reached("claimed")
    lease.require()
    try:
        said = channel.send(view, message_id)
    except NotDelivered as error:
        why = f"{_REFUSED}{error}" if isinstance(error, NotAccepted) else str(error)
        store.append({"ops_alerts": [{**claim, "phase": "failed", "error": why}]}, lease.fence)
        raise
    reached("sent")
    store.append({"ops_alerts": [{**claim, "phase": "sent", "message_id": said}]}, lease.fence)
    reached("marked")


def history_of(store: Opstore, incident_id: str) -> dict[str, dict[str, Any]]:
    """The last change of each kind of an incident, by kind."""
    return {row["change"]: row for row in store.query(statement("incident_history"), {"incident_id": incident_id})}


def _due(row: Mapping[str, Any]) -> Due:
    incident = incident_of(row)
    told = (row["told_sequence"], row["told_count"]) == (incident.sequence, incident.event_count)
    version, sent = row["version"] or 0, row["sent_version"] or 0
    return Due(incident, version, sent, is_recorded=told and version > sent)


def _waits(row: Mapping[str, Any], now: str) -> bool:
    refusals = row["refusals"] or 0
    if refusals < 2:
        return False
    wait: timedelta = min(_WAIT * 2 ** min(refusals - 2, _DOUBLINGS), _LONGEST_WAIT)
    return datetime.fromisoformat(now) < datetime.fromisoformat(str(row["refused_at"])) + wait


def _row(channel: Channel, due: Due, lease: Lease) -> dict[str, Any]:
    return {
        "alert_id": f"{channel.name}:{due.incident.incident_id}",
        "version": due.version,
        "phase": "recorded",
        "attempt": 0,
        "incident_id": due.incident.incident_id,
        "channel": channel.name,
        "incident_sequence": due.incident.sequence,
        "event_count": due.incident.event_count,
        "fencing": lease.fencing,
    }


def _so_far(store: Opstore, row: Mapping[str, Any]) -> tuple[int, str | None]:
    """The number of the next attempt at this version, and the message that is there already."""
    done = store.query(statement("alert_deliveries"), {"alert_id": row["alert_id"]})
    attempts = sum(one["version"] == row["version"] and one["phase"] == "sending" for one in done)
    messages = [one["message_id"] for one in done if one["phase"] == "sent"]
    return attempts + 1, messages[-1] if messages else None
