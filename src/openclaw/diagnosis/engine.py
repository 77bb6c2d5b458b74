"""Weighs what the rules find in a text, and decides: the likeliest cause, or that it cannot be told, or that nothing is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from openclaw.diagnosis.failed_checks import failed_checks
from openclaw.diagnosis.reading import Passage, read
from openclaw.diagnosis.rules import Rule, load_rules
from openclaw.diagnosis.sqlstates import sqlstates
from openclaw.model import Category, Diagnosis, EventType

__all__ = ["diagnose"]

_SURE_ENOUGH = 0.5  # below it the answer is `unknown`
_CLOSE = 0.04  # two causes this near to each other speak against each other
_DOUBT = 0.85
_LONGEST_EVIDENCE = 300
_VERDICT = "succeeded"  # the rule by which the failed thing itself says that it succeeded in the end
_FAILED = "marked-failed"  # the rule by which it is recorded as failed, which no later success takes back
_MOST = 20  # places where one pattern is looked at; a text that repeats itself says nothing new
_BY_EVENT: dict[EventType, Category] = {
    "DBT_FRESHNESS_STALE": "stale_source",
    "SCHEMA_DRIFT": "schema_drift",
    "VOLUME_ANOMALY": "volume_anomaly",
}


@dataclass(frozen=True)
class _Finding:
    """One thing that speaks for one cause. `score` is the confidence of the rule, weighted by who says it."""

    diagnosis: Diagnosis
    score: float
    at: int


def diagnose(
    message: str, *, event_type: EventType | None = None, resource: str | None = None, check: str | None = None
) -> Diagnosis:
    """Why it failed. `none` for a text that tells of no failure, `unknown` where the words do not tell why.

    What is known of where the text comes from decides only where its words do not. Raises RuleError for a bad rule in OPENCLAW_RULES.
    """
    passage = read(message)
    found = list(_findings(passage))
    causes = [finding for finding in found if finding.diagnosis.category != "none"]
    healthy = [finding for finding in found if finding.diagnosis.category == "none"]
    if _ended_well(passage, causes, healthy):
        said = max(healthy, key=lambda finding: finding.at, default=None)
        return Diagnosis("none", 0.9, None, "The text tells of no failure.", said.diagnosis.evidence if said else "")
    best = max(causes, key=lambda finding: (finding.score, -finding.at), default=None)
    if best is None or best.score < _SURE_ENOUGH or best.diagnosis.category == "unknown":
        return _from_event(event_type) or _unexplained(best)
    return _with_doubt(best, causes)


def _findings(passage: Passage) -> Iterator[_Finding]:
    lowered = passage.text.lower()
    for rule in load_rules(_folder_of_the_user()):
        if rule.requires and not any(pattern.found(passage.text, lowered) for pattern in rule.requires):
            continue
        for pattern in rule.match:
            for match in islice(pattern.finditer(passage.text, lowered), _MOST):
                lines = passage.lines(match.start(), match.end())
                if not any(decoy.found(lines, lines.lower()) for decoy in rule.unless):
                    yield _finding(rule, rule.explanation(match), match[0], match.start(), passage)
    for check in failed_checks(passage.text):
        said = Diagnosis(
            check.category, check.confidence, False, check.explanation, check.evidence, f"check:{check.name}"
        )
        yield _Finding(said, check.confidence, check.at)
    for state in sqlstates(passage.text):
        score = state.confidence * passage.weight(state.at)
        said = Diagnosis(
            state.category, score, state.transient, state.explanation, state.evidence, f"sqlstate:{state.code}"
        )
        yield _Finding(said, score, state.at)


def _finding(rule: Rule, explanation: str, evidence: str, at: int, passage: Passage) -> _Finding:
    score = rule.confidence * passage.weight(at)
    said = Diagnosis(rule.category, min(score, 0.99), rule.transient, explanation, _short(evidence), rule.rule_id)
    return _Finding(said, score, at)


def _folder_of_the_user() -> Path | None:
    """OPENCLAW_RULES, read without the settings: loading them takes longer than a diagnosis, and this is their only one."""
    named = os.environ.get("OPENCLAW_RULES")
    return Path(named).expanduser().absolute() if named else None


def _ended_well(passage: Passage, causes: list[_Finding], healthy: list[_Finding]) -> bool:
    """Its own verdict is success, with nothing bad after it; or nothing in it is bad, and it speaks of success or is a log.

    What else succeeds in the log of a failure, such as a clean-up, a notification or a sidecar, says nothing of the failure.
    """
    if any(cause.diagnosis.rule == _FAILED for cause in causes):
        return False
    serious = [c.at for c in causes if c.diagnosis.category == "unknown" or passage.weight(c.at) >= 0.9]
    last_bad = max([passage.last_error, *serious])
    verdict = max((finding.at for finding in healthy if finding.diagnosis.rule == _VERDICT), default=-1)
    heard = any(c.score >= _SURE_ENOUGH and not passage.is_mere_information(c.at) for c in causes)
    return verdict > last_bad or (last_bad < 0 and (bool(healthy) or (not heard and passage.is_log)))


def _from_event(event_type: EventType | None) -> Diagnosis | None:
    category = _BY_EVENT.get(event_type) if event_type else None
    return Diagnosis(category, 0.8, None, "Told by the kind of event; its words say no more.") if category else None


def _unexplained(best: _Finding | None) -> Diagnosis:
    if best is None:
        return Diagnosis("unknown", 0.0, None, "Nothing in the text is an error that is known.")
    told = best.diagnosis
    if told.category == "unknown":
        return told
    guess = f"Too little to be sure; it may be {told.category.replace('_', ' ')}: {told.explanation}"
    return Diagnosis("unknown", round(best.score, 2), None, guess, told.evidence, told.rule)


def _with_doubt(best: _Finding, causes: list[_Finding]) -> Diagnosis:
    told = best.diagnosis
    rivals = {c.diagnosis.category for c in causes if c.score >= best.score - _CLOSE} - {told.category, "unknown"}
    confidence = round(told.confidence * (_DOUBT if rivals else 1.0), 2)
    if confidence < _SURE_ENOUGH:
        return _unexplained(best)
    return Diagnosis(told.category, confidence, told.transient, told.explanation, told.evidence, told.rule)


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST_EVIDENCE else f"{text[:_LONGEST_EVIDENCE]} …"
