"""What happened to an incident, in order: failures, the agent's and people's changes, what channels were told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from openclaw.incident import Incident
from openclaw.web.wording import between

__all__ = ["Entry", "timeline_of"]

_SAID = {
    "opened": "Opened",
    "reopened": "Reopened: it failed again after it had been resolved",
    "advised": "Actions were suggested",
    "acknowledged": "Acknowledged",
    "muted": "Muted",
    "resolved": "Resolved",
    "retired": "Closed: the check is no more",
}


@dataclass(frozen=True)
class Entry:
    """One line. `kind` is the change, `seen`, `sent` or `failed`; `detail` the reason that somebody gave, or an error."""

    at: str
    kind: str
    said: str
    actor: str = ""
    detail: str = ""


def timeline_of(
    incident: Incident, history: Sequence[Mapping[str, Any]], alerts: Sequence[Mapping[str, Any]]
) -> list[Entry]:
    """The lines, oldest first. `history` and `alerts` are rows in the order in which they were written."""
    entries = [Entry(incident.first_seen, "seen", "First failure"), *_changes(history), *_told(alerts)]
    if incident.event_count > 1:
        spell = between(incident.first_seen, incident.last_seen)
        entries.append(
            Entry(incident.last_seen, "seen", f"Last failure of {incident.event_count:,}, {spell} after the first")
        )
    return sorted(entries, key=lambda entry: entry.at)


def _changes(history: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    for before, row in pairwise([None, *history]):
        if row is None:
            continue
        said = _SAID.get(row["change"]) or _widened(before, row)
        yield Entry(row["occurred_at"], row["change"], said, row["actor"], row["reason"] or "")


def _widened(before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> str:
    """What has become more, or another."""
    if before is None:
        return "More is known"
    more = len(json.loads(row["affected"])) - len(json.loads(before["affected"]))
    said = [
        f"the root is {row['root']}, not {before['root']}" if row["root"] != before["root"] else "",
        f"{row['severity']}, was {before['severity']}" if row["severity"] != before["severity"] else "",
        f"{more} more affected" if more > 0 else "",
    ]
    return "More is known: " + ("; ".join(part for part in said if part) or "further reasons or dashboards")


def _told(alerts: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    """The messages; edits of one message, or failed attempts, that follow each other are one line."""
    told: set[str] = set()
    for (channel, phase), group in groupby(alerts, key=lambda row: (row["channel"], row["phase"])):
        rows = list(group)
        if phase == "sent" and channel not in told:
            told.add(channel)
            yield Entry(rows.pop(0)["recorded_at"], "sent", f"Alert sent: {channel}")
        if rows:
            said = "Message edited" if phase == "sent" else "The alert could not be sent"
            times = f", {len(rows)} times" if len(rows) > 1 else ""
            yield Entry(rows[-1]["recorded_at"], phase, f"{said}{times}: {channel}", detail=rows[-1]["error"] or "")
