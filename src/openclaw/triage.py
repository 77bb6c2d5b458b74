"""From failures to findings: why each failed, which have one cause, what that cause reaches, how bad it is.

`investigate` does this for any failures, whoever recorded them; `triage` for the artifacts of one dbt project.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openclaw.artifacts import read_artifacts
from openclaw.causes import diagnosis_of, phrase
from openclaw.correlate import CONTAINERS, Group, correlate
from openclaw.lineage import Lineage
from openclaw.model import Failure, Finding
from openclaw.severity import Impact, grade

__all__ = ["Triage", "investigate", "triage"]


@dataclass(frozen=True)
class Triage:
    """What the artifacts of one place come to. `errors` is what could not be read: without findings that is not green."""

    findings: tuple[Finding, ...]
    failures: Mapping[str, Failure]
    lineage: Lineage
    errors: tuple[str, ...]
    total: int
    skipped: int
    invocation: Mapping[str, str]


def triage(place: Path) -> Triage:
    """The findings in a folder of dbt's artifacts. Never raises for what the files hold."""
    read = read_artifacts(place)
    findings = investigate(read.failures, read.lineage, read.skipped)
    errors = read.errors
    if read.skipped and not findings:
        errors = (*errors, f"{len(read.skipped)} nodes were skipped, and no failure in these artifacts says why.")
    return Triage(
        findings,
        {failure.failure_id: failure for failure in read.failures},
        read.lineage,
        errors,
        read.total,
        len(read.skipped),
        read.invocation,
    )


def investigate(failures: Sequence[Failure], lineage: Lineage, skipped: Collection[str] = ()) -> tuple[Finding, ...]:
    """One finding per cause, the worst first. `skipped` are nodes that were not run because of something that failed."""
    groups = correlate(failures, lineage, diagnosis_of)
    not_run = [*skipped, *(failure.resource for failure in failures if failure.status == "skipped")]
    waiting = _waiting(groups, lineage, list(dict.fromkeys(not_run)))
    checks = [failure for failure in failures if failure.check and failure.status != "skipped"]
    findings = [_finding(group, held, checks, lineage) for group, held in zip(groups, waiting, strict=True)]
    return tuple(sorted(findings, key=lambda finding: finding.severity))


def _waiting(groups: Sequence[Group], lineage: Lineage, skipped: Sequence[str]) -> list[list[str]]:
    """For each group the skipped nodes that wait for it. What the lineage ties to none, any blocking group may have held up."""
    reach = [_downstream(group, lineage) for group in groups]
    blocking = [any(failure.status in ("error", "fail") for failure in group.failures) for group in groups]
    tied = [[node for node in skipped if node in reach[i]] if blocking[i] else [] for i in range(len(groups))]
    loose = [node for node in skipped if not any(node in found for found in tied)]
    return [[*found, *loose] if blocks else [] for found, blocks in zip(tied, blocking, strict=True)]


def _downstream(group: Group, lineage: Lineage) -> frozenset[str]:
    places = {place for failure in group.failures for place in _places(failure)}
    return frozenset(places).union(*(lineage.descendants(place) for place in places))


def _places(failure: Failure) -> tuple[str, ...]:
    """Where a failure sits: the node, and what it looked at."""
    tested = failure.context.get("tested")
    also = tuple(str(node) for node in tested) if isinstance(tested, list | tuple) else ()
    return tuple(filter(None, (failure.resource, failure.asset, *also)))


def _finding(group: Group, held: Sequence[str], checks: Sequence[Failure], lineage: Lineage) -> Finding:
    root = group.root
    affected = _affected(group, held, checks, lineage)
    exposures = lineage.exposures(affected)
    severity, reasons = grade(Impact(group.failures, held, affected, exposures), lineage)
    return Finding(
        fingerprint=_fingerprint(group),
        event_type=root.event_type,
        root=root.resource,
        title=_title(group, lineage),
        diagnosis=group.diagnosis,
        severity=severity,
        reasons=reasons,
        affected=affected,
        exposures=exposures,
        failure_ids=tuple(failure.failure_id for failure in group.failures),
        messages=tuple(dict.fromkeys(failure.message for failure in group.failures if failure.message)),
    )


def _affected(group: Group, held: Sequence[str], checks: Sequence[Failure], lineage: Lineage) -> tuple[str, ...]:
    """What failed with the root, what it looked at, what was held up, all that reads from those, and the checks that fail on it."""
    inner = [failure for failure in group.failures if failure.kind not in CONTAINERS]
    failing = [place for failure in inner for place in (failure.resource, failure.asset) if place]
    assets = [failure.asset or failure.resource for failure in inner]
    reached = lineage.blast_radius(filter(None, assets))
    follow = [check.resource for check in checks if check.asset in reached or _same_rows(check, group.root)]
    found = dict.fromkeys([*failing, *held, *reached, *follow])
    found.pop(group.root.resource, None)
    return tuple(found)


def _same_rows(check: Failure, root: Failure) -> bool:
    """Whether it looks at a column that the root is about: it may be another defect, or the same one seen from the side."""
    return check.asset is not None and check.asset == root.asset and not set(check.columns).isdisjoint(root.columns)


def _fingerprint(group: Group) -> str:
    root = group.root
    parts = (root.asset or root.resource, root.check or "", group.diagnosis.category)
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _title(group: Group, lineage: Lineage) -> str:
    root = group.root
    said = phrase(group.diagnosis.category, root.event_type)
    place = lineage.node(root.asset or root.resource).title or "A node without an id"
    columns = root.context.get("columns")
    if isinstance(columns, tuple) and columns and root.status != "error":
        place += f".{columns[0]}" if len(columns) == 1 else f" ({', '.join(columns)})"
    if root.status == "error" and root.check and root.kind != "source":
        return f"{place}: the check {root.check} could not be carried out – {said}"
    if root.context.get("singular") and root.check:
        return f"{root.check}: {said}"
    others = sum(failure.kind not in CONTAINERS for failure in group.failures[1:])
    return f"{place}: {said}" + (f" (and {others} more failures)" if others else "")
