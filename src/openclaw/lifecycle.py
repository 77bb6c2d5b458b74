"""How an incident comes to be, grows, comes back and ends. Nothing here reads or writes: findings and incidents in, incidents out.

A finding goes into the incident that one of its own failures is in already, else into the one of its fingerprint: open, or resolved so
recently that it is the same one come back. What happened before the resolution and is only now known of changes a count and no state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openclaw.detect import Sighting
from openclaw.incident import ClosesOn, Incident
from openclaw.model import Diagnosis, Evidence, Failure, Finding
from openclaw.redact import redact

__all__ = ["AGENT", "Placement", "place"]

AGENT = "openclaw"
_SHOWN_FAILURES = 6
_TEXT = 4000
_ENDS = ("step", "after", "starts", "passes")  # what of an event's evidence tells that it is over
_MEASURES = ("expected", "found", "remedy", "column", "sample", "file")


@dataclass(frozen=True)
class Placement:
    """Where a finding has its effect. `changed` is the incident after it, None where only its count is another."""

    incident_id: str
    changed: Incident | None
    sightings: tuple[Sighting, ...]


def place(
    findings: Iterable[Finding],
    sightings: Mapping[str, Sighting],
    live: Sequence[Incident],
    known: Mapping[str, str],
    at: str,
) -> list[Placement]:
    """Where each finding has its effect.

    `sightings` are by failure id; of those in `known` the event had its effect before, in the incident named there. `live` are the
    incidents that a finding may go into.
    """
    incidents = {incident.incident_id: incident for incident in live}
    placed = []
    for finding in findings:
        members = [sightings[i] for i in finding.failure_ids if i in sightings]
        fresh = tuple(s for s in members if s.failure.failure_id not in known)
        if not fresh:
            continue
        clean = _redacted(finding)
        target = _target(finding, incidents, known)
        after = _opened(clean, members, at) if target is None else _grown(target, clean, members, fresh, known, at)
        identity = after.incident_id if after else target.incident_id if target else ""
        if after:
            incidents[identity] = after
        placed.append(Placement(identity, after, fresh))
    return placed


def _target(finding: Finding, incidents: Mapping[str, Incident], known: Mapping[str, str]) -> Incident | None:
    by_run = [incidents[known[i]] for i in finding.failure_ids if i in known and known[i] in incidents]
    alike = [i for i in incidents.values() if i.fingerprint == finding.fingerprint]
    candidates = sorted(by_run or alike, key=lambda i: (i.is_resolved, i.opened_at if not i.is_resolved else ""))
    if candidates and candidates[0].is_resolved:
        return max(candidates, key=lambda i: i.occurred_at)
    return candidates[0] if candidates else None


def _opened(finding: Finding, members: Sequence[Sighting], at: str) -> Incident:
    first = min((event for s in members for event in s.events), key=lambda event: (event[1], event[0]))
    return Incident(
        incident_id="inc-" + hashlib.sha256(f"{finding.fingerprint}\x1f{first[0]}".encode()).hexdigest()[:12],
        sequence=1,
        change="opened",
        state="open",
        fingerprint=finding.fingerprint,
        event_type=finding.event_type,
        severity=finding.severity,
        reasons=finding.reasons,
        title=finding.title,
        diagnosis=finding.diagnosis,
        root=finding.root,
        closes_on=_closes_on(members[0].failure),
        affected=finding.affected,
        exposures=finding.exposures,
        evidence=_evidence(members),
        advice=None,
        log_url=_log(members),
        actor=AGENT,
        reason=None,
        occurred_at=at,
        opened_at=at,
    )


def _grown(
    incident: Incident,
    finding: Finding,
    members: Sequence[Sighting],
    fresh: Sequence[Sighting],
    known: Mapping[str, str],
    at: str,
) -> Incident | None:
    """The incident with one more finding in it; None where it stays as it is."""
    wider = {
        "severity": min(incident.severity, finding.severity),
        "reasons": tuple(dict.fromkeys((*incident.reasons, *finding.reasons))),
        "affected": tuple(sorted({*incident.affected, *finding.affected} - {finding.root})),
        "exposures": tuple(sorted({*incident.exposures, *finding.exposures})),
    }
    rooted = _rooted(finding, members) if _is_explained(incident, finding, known) else {}
    if incident.is_resolved:
        if max(event[1] for s in fresh for event in s.events) <= incident.occurred_at:
            return None
        again = _rooted(finding, members)
        return incident.after("reopened", actor=AGENT, at=at, state="reopened", **{**wider, **again})
    if not rooted and all(getattr(incident, name) == value for name, value in wider.items()):
        return None
    return incident.after("widened", actor=AGENT, at=at, **{**wider, **rooted})


def _is_explained(incident: Incident, finding: Finding, known: Mapping[str, str]) -> bool:
    """Whether the finding saw the incident's own failures, and has another root for them."""
    seen = any(known.get(i) == incident.incident_id for i in finding.failure_ids)
    return seen and finding.fingerprint != incident.fingerprint


def _rooted(finding: Finding, members: Sequence[Sighting]) -> dict[str, Any]:
    """What of an incident goes with its root. Advice for another root is no advice."""
    return {
        "fingerprint": finding.fingerprint,
        "event_type": finding.event_type,
        "title": finding.title,
        "diagnosis": finding.diagnosis,
        "root": finding.root,
        "closes_on": _closes_on(members[0].failure),
        "evidence": _evidence(members),
        "log_url": _log(members),
        "advice": None,
    }


def _closes_on(root: Failure) -> ClosesOn:
    """A step that ends well says that nothing has blocked it; of what only warns it says nothing."""
    told = {name: value for name in _ENDS if isinstance(value := root.context.get(name), str)}
    check = root.check or told.get("passes")
    return ClosesOn(
        (root.asset or root.resource) if check else None,
        check,
        told.get("step") if root.status != "warn" else None,
        told.get("starts"),
        root.run_id,
        told.get("after"),
    )


def _evidence(members: Sequence[Sighting]) -> tuple[Evidence, ...]:
    """The root's own words first, then what was measured of it, then what failed with it."""
    root = members[0].failure
    facts = [(root.message, root.resource)]
    facts += [(f"{name}: {root.context[name]}", root.resource) for name in _MEASURES if root.context.get(name)]
    facts += [(s.failure.message, s.failure.resource) for s in members[1:_SHOWN_FAILURES] if s.failure.message]
    link = _log(members)
    return tuple(
        Evidence(f"E{number}", _clean(text), _clean(source), link if number == 1 else None)
        for number, (text, source) in enumerate(facts, start=1)
    )


def _log(members: Sequence[Sighting]) -> str | None:
    links = (s.failure.context.get("log") for s in members)
    return next((_clean(link) for link in links if isinstance(link, str)), None)


def _redacted(finding: Finding) -> Finding:
    known: Diagnosis = finding.diagnosis
    return replace(
        finding,
        title=_clean(finding.title),
        root=_clean(finding.root),
        reasons=tuple(map(_clean, finding.reasons)),
        affected=tuple(map(_clean, finding.affected)),
        exposures=tuple(map(_clean, finding.exposures)),
        diagnosis=replace(known, explanation=_clean(known.explanation), evidence=_clean(known.evidence)),
    )


def _clean(text: str) -> str:
    # Cut after redacting: a secret that a cut has shortened is no longer known for one.
    return redact(text)[:_TEXT]
