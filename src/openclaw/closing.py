"""What tells that an incident is over, without anybody saying so.

Its check passes in a later run; the step that failed ends well; the step that had not begun begins; or the check, or what it looks at, is
no more. Later means that it happened after the last failure was seen, not that it was recorded after it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from openclaw.incident import Incident
from openclaw.lifecycle import AGENT
from openclaw.sql import statement
from opstore.store import Opstore

__all__ = ["resolutions"]


def resolutions(store: Opstore, incidents: Sequence[Incident]) -> list[Incident]:
    """The incidents of these that are over, each after its resolution, which says what told it."""
    alive = {i.incident_id: i for i in incidents if not i.is_resolved}
    ended: dict[str, Incident] = {}
    for name, said, change in _SIGNS:
        wanted = json.dumps([_wanted(i) for i in alive.values() if i.incident_id not in ended])
        for row in store.query(statement(name), {"wanted": wanted}):
            before = alive[row["incident_id"]]
            ended[before.incident_id] = before.after(
                change, actor=AGENT, at=row["at"], reason=said(row, before), state="resolved"
            )
    return list(ended.values())


def _wanted(incident: Incident) -> dict[str, str | None]:
    closes = incident.closes_on
    return {
        "incident_id": incident.incident_id,
        "asset": closes.asset,
        "check": closes.check,
        "step": closes.step,
        "after": closes.after,
        "starts": closes.starts,
        "run_id": closes.run_id,
        "since": incident.last_seen,
    }


def _passed(row: dict[str, Any], incident: Incident) -> str:
    return f"the same check passed: {row['check_name']} of {row['asset']}, in run {row['run_id']}"


def _ended_well(row: dict[str, Any], incident: Incident) -> str:
    return f"{row['step']} came to a good end in run {row['run_id']}"


def _begun(row: dict[str, Any], incident: Incident) -> str:
    return f"{row['step']} began, in run {row['run_id']}"


def _retired(row: dict[str, Any], incident: Incident) -> str:
    return f"the check is no more: run {row['run_id']} judged {incident.closes_on.asset} without {incident.closes_on.check}"


def _removed(row: dict[str, Any], incident: Incident) -> str:
    return f"{incident.closes_on.asset} is no more: the newest lineage of its project is without it"


_SIGNS: tuple[tuple[str, Any, Any], ...] = (
    ("passed_checks", _passed, "resolved"),
    ("ended_steps", _ended_well, "resolved"),
    ("started_steps", _begun, "resolved"),
    ("retired_checks", _retired, "retired"),
    ("removed_assets", _removed, "retired"),
)
