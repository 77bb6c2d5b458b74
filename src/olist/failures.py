"""What went wrong, as events of the record: with the evidence that a diagnosis needs, and what will tell that it is over.

A failed check is an event of its asset, a refused file one of its source, and the step that failed with them one of its own. Whoever
reads the record finds the cause among the events of one run; nothing here interprets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from olist.errors import AnotherRun, FileMissing, HeaderRefused, OlistError, SourceRefused
from opstore.store import Check, Event, event_id

__all__ = ["of_checks", "of_error"]

# What a kind of check finds, as the agent's categories have it; the kinds are those of `olist.quality`.
_CATEGORIES: Mapping[str, str] = {
    "header": "schema_drift",
    "completeness": "volume_anomaly",
    "uniqueness": "duplicate_key",
    "unique": "duplicate_key",
    "missing_share": "null_violation",
    "not_null": "null_violation",
    "castability": "type_or_parse_error",
    "encoding": "type_or_parse_error",
    "pattern": "domain_violation",
    "constant": "domain_violation",
    "accepted_values": "domain_violation",
    "range": "domain_violation",
    "validity": "domain_violation",
    "reject_tolerance": "domain_violation",
    "volume": "volume_anomaly",
    "coverage": "volume_anomaly",
    "overlap": "referential_integrity",
    "relationship": "referential_integrity",
    "staleness": "stale_source",
    "business_rule": "business_rule",
    "statistic": "business_rule",
    "row_accounting": "runtime_error",
}
_TYPES: Mapping[str, str] = {
    "header": "SCHEMA_DRIFT",
    "volume": "VOLUME_ANOMALY",
    "coverage": "VOLUME_ANOMALY",
    "completeness": "VOLUME_ANOMALY",
    "statistic": "DATA_DRIFT",
}
# Of rejected rows, the reason that stands with each tells what is wrong; those of the most frequent one are shown first.
_REASONS: Mapping[str, str] = {
    "orphan": "referential_integrity",
    "parent_rejected": "referential_integrity",
    "missing": "null_violation",
    "conflicting": "duplicate_key",
    "not_a": "type_or_parse_error",
    "outside_": "domain_violation",
}
_OF_REJECTED_ROWS = frozenset({"validity", "reject_tolerance"})
_REASON = re.compile(r" row [\d,]+[\w, ]*: (\w+)")
# What one fault of an export does to all of its columns alike.
_OF_A_FILE = frozenset({"encoding", "castability", "pattern"})
_REFUSALS: Mapping[type, str] = {HeaderRefused: "schema_drift", FileMissing: "missing_relation"}
_PARENT = re.compile(r"overlap\(\w+ in (\w+)\.\w+\)")


def of_checks(run_id: str, step: str, checks: Sequence[Check]) -> list[Event]:
    """An event for each check that failed, those that only warn too. What went with another failure of the same rows is left out."""
    failed = [c for c in checks if c.status in ("fail", "error")]
    short = _missed_by_several(failed)
    blamed = {c.asset for c in failed if c.kind != "reject_tolerance"}
    told: dict[tuple[str, str], Check] = {}
    for check in failed:
        repeats = check.kind == "reject_tolerance" and check.asset in blamed
        repeats |= check.kind in ("coverage", "volume") and check.asset in short.values()
        if not repeats:
            told.setdefault((check.asset, check.kind if check.kind in _OF_A_FILE else check.check_name), check)
    return [_of_check(run_id, step, check, short.get(check.check_name)) for check in told.values()]


def of_error(run_id: str, step: str, error: BaseException) -> list[Event]:
    """The event of a step that failed, and one for each file that was refused."""
    refusals = error.refusals if isinstance(error, SourceRefused) else {}
    return [*(_of_refusal(run_id, step, table, e) for table, e in refusals.items()), _of_step(run_id, step, error)]


def _of_check(run_id: str, step: str, check: Check, short: str | None) -> Event:
    """`short` is the asset whose rows this one, and others, miss."""
    known: dict[str, object] = {
        "kind": "test",
        "status": "warn" if check.severity == "warn" else "fail",
        "asset": short or check.asset,
        "category": "volume_anomaly" if short else _category(check),
        "columns": list(check.columns),
        "count": check.failures,
        "step": step,
        # Silver is over it when it ends well after another delivery: without one it has nothing to do, and that says nothing.
        "after": {"silver": "ingest", "silver.audit": "ingest.accept"}.get(step),
    }
    return Event(
        event_id("check", run_id, check.asset, check.check_name),
        "VOLUME_ANOMALY" if short else _TYPES.get(check.kind, "DATA_QUALITY_FAILED"),
        short or check.asset,
        f"{check.check_name} of {check.asset} failed: {check.message or check.status}",
        check.check_name,
        run_id,
        _given(known),
    )


def _category(check: Check) -> str:
    first = _REASON.search(check.message or "") if check.kind in _OF_REJECTED_ROWS else None
    known = [category for begins, category in _REASONS.items() if first and first[1].startswith(begins)]
    return known[0] if known else _CATEGORIES.get(check.kind, "unknown")


def _missed_by_several(failed: Iterable[Check]) -> dict[str, str]:
    """Checks by which several tables lack rows of one: it is that one which is short. By check, the asset."""
    assets: dict[str, set[str]] = {}
    for check in failed:
        assets.setdefault(check.check_name, set()).add(check.asset)
    return {
        name: f"{next(iter(children)).partition('.')[0]}.{found[1]}"
        for name, children in assets.items()
        if len(children) > 1 and (found := _PARENT.fullmatch(name))
    }


def _of_refusal(run_id: str, step: str, table: str, error: OlistError) -> Event:
    known = {
        "kind": "source",
        "status": "error",
        "category": _REFUSALS.get(type(error), "type_or_parse_error"),
        "file": error.resource,
        "step": step,
        **_told(error),
    }
    kind = "SCHEMA_DRIFT" if isinstance(error, HeaderRefused) else "DATA_QUALITY_FAILED"
    return Event(event_id("file", run_id, table), kind, f"source.{table}", _said(error), None, run_id, _given(known))


def _of_step(run_id: str, step: str, error: BaseException) -> Event:
    known: dict[str, object] = {"kind": "step", "status": "error", "step": step}
    message = f"{type(error).__name__}: {error}"
    if isinstance(error, OlistError):
        known |= {"at": error.resource, "transient": error.transient, **_told(error)}
        message = _said(error)
    if isinstance(error, AnotherRun):  # the other one is at work, so nothing is blocked
        known |= {"status": "fail", "category": "concurrency"}
    return Event(
        event_id("step", run_id), "PIPELINE_FAILED", f"step:{step}", message, None, run_id, _given(known)
    )  # fmt: skip


def _said(error: OlistError) -> str:
    return f"{error.what}: {error.found}"


def _told(error: OlistError) -> dict[str, object]:
    return {"expected": error.expected, "remedy": error.remedy}


def _given(known: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in known.items() if value not in (None, [], "")}
