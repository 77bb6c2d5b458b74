"""What failures mean, whatever is in them: what the judge cannot bear is told as it stands, and keeps nothing else back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from openclaw.lineage import Lineage
from openclaw.model import Diagnosis, Failure, Finding, Severity
from opstore.store import event_id

__all__ = ["Judge", "judged"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Judge = Callable[[Sequence[Failure], Lineage], Sequence[Finding]]


def judged(judge: Judge, failures: Sequence[Failure], lineage: Lineage) -> list[Finding]:
    """One finding per cause. Where judging fails, what is to blame is told as it stands: an alert too many is better than none."""
    try:
        return list(judge(failures, lineage))
    except Exception as error:
        log.exception("the failures could not be judged", error=type(error).__name__)
    bearable = _bearable(judge, failures, lineage)
    known = {failure.failure_id for failure in bearable}
    try:
        findings = list(judge(bearable, lineage))
    except Exception:  # noqa: BLE001 - each half was borne, and the whole is not
        findings, known = [], set()
    return findings + [_as_it_stands(failure) for failure in failures if failure.failure_id not in known]


def _bearable(judge: Judge, failures: Sequence[Failure], lineage: Lineage) -> list[Failure]:
    try:
        judge(failures, lineage)
    except Exception as error:  # noqa: BLE001 - as above
        if len(failures) == 1:
            log.error("an event cannot be judged", event_id=failures[0].failure_id, error=repr(error))
            return []
        middle = len(failures) // 2
        halves = failures[:middle], failures[middle:]
        return [failure for half in halves for failure in _bearable(judge, half, lineage)]
    return list(failures)


def _as_it_stands(failure: Failure) -> Finding:
    identity = event_id(failure.asset or failure.resource, failure.check, "unjudged")[:16]
    said = Diagnosis("unknown", 0.0, None, f"It failed, and why could not be looked into: {failure.message}")
    title = f"{failure.check or failure.kind} of {failure.resource} failed"
    severity: Severity = "P2" if failure.status == "warn" else "P1"
    return Finding(
        identity, failure.event_type, failure.resource, title, said, severity, ("it failed",), failure_ids=(failure.failure_id,)
    )  # fmt: skip
