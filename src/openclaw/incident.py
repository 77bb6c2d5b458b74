"""An incident as it stands: the newest of its changes, and what was counted of its events.

Each change is a row with all that holds after it, so that the newest row is the state and all rows are the history. Texts are redacted
before they come here, since rows are kept for good.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from openclaw.model import (
    Action,
    Advice,
    Diagnosis,
    EventType,
    Evidence,
    IncidentState,
    IncidentView,
    Severity,
)

__all__ = ["Change", "ClosesOn", "Incident", "incident_of", "row_of", "view_of"]

Change = Literal[
    "opened", "widened", "reopened", "advised", "acknowledged", "muted", "resolved", "retired"
]  # what the newest row was written for


@dataclass(frozen=True)
class ClosesOn:
    """What tells that an incident is over, each where it applies.

    The `check` of `asset` passes; a run of `step` ends well, where `after` is given one that began after a run of that one had ended well;
    a run of `starts` begins. `run_id` is the run whose checks failed.
    """

    asset: str | None = None
    check: str | None = None
    step: str | None = None
    starts: str | None = None
    run_id: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Incident:
    """One cause. `sequence` numbers its changes from 1; `actor` made the last one, `occurred_at` says when, `reason` why."""

    incident_id: str
    sequence: int
    change: Change
    state: IncidentState
    fingerprint: str
    event_type: EventType
    severity: Severity
    reasons: tuple[str, ...]
    title: str
    diagnosis: Diagnosis
    root: str
    closes_on: ClosesOn
    affected: tuple[str, ...]
    exposures: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    advice: Advice | None
    log_url: str | None
    actor: str
    reason: str | None
    occurred_at: str
    opened_at: str = ""
    first_seen: str = ""
    last_seen: str = ""
    event_count: int = 0

    @property
    def is_resolved(self) -> bool:
        """Whether it is over."""
        return self.state == "resolved"

    def after(self, change: Change, *, actor: str, at: str, reason: str | None = None, **now: Any) -> Incident:
        """The incident after one more change; `now` is what has become different."""
        return replace(
            self, sequence=self.sequence + 1, change=change, actor=actor, reason=reason, occurred_at=at, **now
        )


_COUNTED = ("opened_at", "first_seen", "last_seen", "event_count")
_JSON = ("reasons", "diagnosis", "closes_on", "affected", "exposures", "evidence", "advice")


def row_of(incident: Incident, fencing: int | None) -> dict[str, Any]:
    """The row that records an incident's newest change."""
    row = {name: value for name, value in asdict(incident).items() if name not in _COUNTED}
    row |= {name: json.dumps(row[name], ensure_ascii=False) for name in _JSON if row[name] is not None}
    return {**row, "category": incident.diagnosis.category, "fencing": fencing}


def incident_of(row: Mapping[str, Any]) -> Incident:
    """The incident of a row of `ops_incidents_current`."""
    known = {name: json.loads(row[name]) for name in _JSON if row[name] is not None}
    return Incident(
        **{name: row[name] for name in Incident.__dataclass_fields__ if name not in _JSON},
        reasons=tuple(known["reasons"]),
        diagnosis=Diagnosis(**known["diagnosis"]),
        closes_on=ClosesOn(**known["closes_on"]),
        affected=tuple(known["affected"]),
        exposures=tuple(known["exposures"]),
        evidence=tuple(Evidence(**one) for one in known["evidence"]),
        advice=_advice(known["advice"]) if "advice" in known else None,
    )


def view_of(
    incident: Incident, history: Mapping[str, Mapping[str, Any]], public_url: str | None = None
) -> IncidentView:
    """What an alert shows. `history` has the rows of the last change of each kind, by kind."""
    runbook = incident.advice.actions[0].runbook_id if incident.advice else ""
    acknowledged = history.get("acknowledged") if incident.state == "acknowledged" else None
    return IncidentView(
        incident_id=incident.incident_id,
        state=incident.state,
        severity=incident.severity,
        title=incident.title,
        category=incident.diagnosis.category,
        root=incident.root,
        explanation=incident.diagnosis.explanation,
        confidence=incident.diagnosis.confidence,
        opened_at=incident.opened_at,
        first_seen=incident.first_seen,
        last_seen=incident.last_seen,
        count=max(incident.event_count, 1),
        reasons=incident.reasons,
        evidence=incident.evidence,
        affected=incident.affected,
        exposures=incident.exposures,
        advice=incident.advice,
        acknowledged_by=acknowledged["actor"] if acknowledged else None,
        acknowledged_at=acknowledged["occurred_at"] if acknowledged else None,
        resolved_by=incident.actor if incident.is_resolved else None,
        resolved_reason=incident.reason if incident.is_resolved else None,
        resolved_at=incident.occurred_at if incident.is_resolved else None,
        incident_url=f"{public_url}/incidents/{incident.incident_id}" if public_url else None,
        log_url=incident.log_url,
        runbook_url=f"{public_url}/runbooks/{runbook}" if public_url and runbook else None,
    )


def _advice(known: Mapping[str, Any]) -> Advice:
    first, second, third = (
        Action(**{**action, "evidence_ids": tuple(action["evidence_ids"])}) for action in known["actions"]
    )
    return Advice(
        (first, second, third),
        known["origin"],
        known["why"],
        tuple(known["hypotheses"]),
        provisional=known.get("provisional", False),  # what was recorded before there was such a thing has none
    )
