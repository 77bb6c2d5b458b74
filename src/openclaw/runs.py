"""What ran together, and so may have failed for one reason: the task of a scheduler, the step inside it, dbt inside the step.

Lineage tells which table broke which. It does not tell that a task failed because of the dbt error inside it: the runs do, each naming the
one it is part of. A failed step is explained by whatever more particular thing failed in the same family of runs.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from openclaw.detect import Sighting
from openclaw.model import Finding
from openclaw.sql import statement
from opstore.store import Opstore

__all__ = ["families", "fold"]

_GENERIC = frozenset({"task", "step"})


def families(store: Opstore, sightings: Iterable[Sighting]) -> dict[str, str]:
    """The family of each sighting by its failure's id: the outermost run that it belongs to."""
    seen = list(sightings)
    runs = sorted({run for sighting in seen for run in sighting.runs})
    outermost = {
        row["run_id"]: row["ancestor"] for row in store.query(statement("ancestors"), {"runs": json.dumps(runs)})
    }
    # An id with a NUL comes back from the database cut short: such a run is taken to be its own family.
    leaders: dict[str, str] = {}
    for sighting in seen:
        first, *others = sorted({_leader(leaders, outermost.get(run, run)) for run in sighting.runs}) or [""]
        leaders |= dict.fromkeys(others, first)
    return {
        sighting.failure.failure_id: _leader(leaders, outermost.get(min(sighting.runs), min(sighting.runs)))
        for sighting in seen
        if sighting.runs
    }


def fold(
    findings: Sequence[Finding],
    sightings: Mapping[str, Sighting],
    family: Mapping[str, str],
    in_lineage: Container[str],
) -> list[Finding]:
    """The findings, those of one family with one cause made one. `sightings` and `family` are by failure id."""
    by_family: dict[str, list[Finding]] = {}
    alone: list[Finding] = []
    for finding in findings:
        name = family.get(finding.failure_ids[0])
        (by_family.setdefault(name, []) if name else alone).append(finding)
    folded = alone
    for together in by_family.values():
        folded += _fold_family(together, sightings, in_lineage)
    return folded


def _fold_family(
    findings: Sequence[Finding], sightings: Mapping[str, Sighting], in_lineage: Container[str]
) -> list[Finding]:
    ordered = sorted(findings, key=lambda f: (f.severity, _began(f, sightings)))
    particular = [f for f in ordered if not _is_generic(f, sightings)]
    generic = [f for f in ordered if _is_generic(f, sightings)]
    if not particular:
        return _innermost(generic, sightings)
    causes = _without_what_checks_foretold(particular, sightings, in_lineage)
    causes[0] = _merged(causes[0], generic, affects=False)
    return causes


def _innermost(generic: Sequence[Finding], sightings: Mapping[str, Sighting]) -> list[Finding]:
    """Of steps within steps, the one that failed first to end: the innermost began last."""
    *outer, inner = sorted(generic, key=lambda f: (_depth(f, sightings), _began(f, sightings)))
    return [_merged(inner, outer, affects=False)]


def _without_what_checks_foretold(
    particular: Sequence[Finding], sightings: Mapping[str, Sighting], in_lineage: Container[str]
) -> list[Finding]:
    """A check of data that no lineage knows, and what fails after it in the same run, are taken to be one."""
    ordered = sorted(particular, key=lambda f: _began(f, sightings))
    first = ordered[0]
    unknown = first.event_type in ("DATA_QUALITY_FAILED", "SCHEMA_DRIFT") and first.root not in in_lineage
    after = [f for f in ordered[1:] if unknown and f.event_type.startswith("DBT_")]
    if not after:
        return list(particular)
    return [_merged(first, after, affects=True), *(f for f in ordered[1:] if f not in after)]


def _merged(cause: Finding, others: Sequence[Finding], *, affects: bool) -> Finding:
    if not others:
        return cause
    roots = [f.root for f in others] if affects else []
    affected = [name for f in (cause, *others) for name in f.affected] + roots
    return replace(
        cause,
        severity=min(f.severity for f in (cause, *others)),
        reasons=tuple(dict.fromkeys(reason for f in (cause, *others) for reason in f.reasons)),
        affected=tuple(sorted(set(affected) - {cause.root})),
        exposures=tuple(sorted({name for f in (cause, *others) for name in f.exposures})),
        failure_ids=tuple(dict.fromkeys(i for f in (cause, *others) for i in f.failure_ids)),
        messages=tuple(dict.fromkeys(text for f in (cause, *others) for text in f.messages)),
    )


def _is_generic(finding: Finding, sightings: Mapping[str, Sighting]) -> bool:
    root = sightings[finding.failure_ids[0]].failure
    return root.kind in _GENERIC and root.event_type == "PIPELINE_FAILED"


def _depth(finding: Finding, sightings: Mapping[str, Sighting]) -> tuple[int, str]:
    """A step is within a task; of two steps the inner one's run id goes on where the outer one's ends."""
    root = sightings[finding.failure_ids[0]].failure
    return root.kind == "step", root.run_id or ""


def _began(finding: Finding, sightings: Mapping[str, Sighting]) -> str:
    return min(sightings[i].failure.occurred_at or "" for i in finding.failure_ids if i in sightings)


def _leader(leaders: Mapping[str, str], run: str) -> str:
    while run in leaders and leaders[run] != run:
        run = leaders[run]
    return run
