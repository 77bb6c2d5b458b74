"""Why one thing failed: from its structure where that says it, from its words where it does not.

A check that came out false is explained by what it checks; its message is only a count. Whatever stopped with an error is explained by
the words of the error, whatever it was going to check. A producer that knows the category says so in the failure's context.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import get_args

from openclaw.model import Category, Diagnosis, EventType, Failure

__all__ = ["diagnosis_of", "phrase"]

_COUNT_ONLY = re.compile(r"\s*(got|found)?\s*\d+ (results?|failures?|rows?)\b", re.IGNORECASE)
_SURE = 0.7  # what the words of a failed check must reach to be believed over its kind

_PHRASES: dict[Category, str] = {
    "schema_drift": "a column is not as expected",
    "missing_relation": "a table or view is missing",
    "type_or_parse_error": "a value or type does not fit",
    "duplicate_key": "duplicates",
    "null_violation": "missing values",
    "referential_integrity": "references without a counterpart",
    "domain_violation": "values outside of what is allowed",
    "business_rule": "a rule is broken",
    "stale_source": "stale",
    "volume_anomaly": "an unexpected number of rows",
    "connectivity": "the connection failed",
    "auth_or_permission": "access was refused",
    "resource_exhausted": "a resource ran out",
    "concurrency": "a conflict with another session",
    "compilation": "does not compile",
    "sql_syntax": "a syntax error in its SQL",
    "unsupported_feature_or_function": "something the engine does not support",
    "runtime_error": "failed while running",
    "configuration": "a setting is wrong or missing",
    "contract_violation": "its contract is broken",
    "unit_test_failure": "a unit test failed",
    "unknown": "failed, and what it says does not tell why",
}
_TRANSIENT = frozenset({"stale_source"})
# Nothing failed: a measure is far from its own history, and why is not in its words.
_UNUSUAL: dict[EventType, str] = {"DATA_DRIFT": "not as it usually is", "DBT_MODEL_SLOW": "far slower than usual"}


def phrase(category: Category, event_type: EventType | None = None) -> str:
    """The category in words that follow a name: `orders: duplicates`."""
    if category == "unknown" and event_type in _UNUSUAL:
        return _UNUSUAL[event_type]
    return _PHRASES.get(category, category.replace("_", " "))


def diagnosis_of(failure: Failure) -> Diagnosis:
    """What is behind a failure. Never `none`: that it failed is a fact, so words without an error leave the cause unknown."""
    said = failure.context.get("category")
    known = next((category for category in get_args(Category) if category == said), None)
    if known and (not failure.message or _COUNT_ONLY.match(failure.message) or failure.kind == "source"):
        return _structural(failure, known)
    # The kind of event says what was looked for; of a look that failed itself, only its words can tell why.
    event_type = None if failure.status == "error" else failure.event_type
    told = _by_text(failure.message, event_type)
    if known and (told.category in ("unknown", "none") or told.confidence < _SURE):
        return _structural(failure, known)
    if told.category in ("unknown", "none") and failure.event_type in _UNUSUAL:
        return Diagnosis(
            "unknown", 0.0, None, f"Nothing failed; it is far from its own history: {failure.message[:400]}"
        )
    return told if told.category != "none" else _unexplained(failure)


@lru_cache(maxsize=4096)
def _by_text(message: str, event_type: EventType | None) -> Diagnosis:
    if not message.strip():
        return Diagnosis("unknown", 0.0, None, "It failed without a message; the log of the run may say more.")
    from openclaw.diagnosis import diagnose  # loads its rules: only where there are words to read

    return diagnose(message, event_type=event_type)


def _unexplained(failure: Failure) -> Diagnosis:
    return Diagnosis("unknown", 0.0, None, f"It failed, but its message names no error: {failure.message[:200]}")


def _structural(failure: Failure, category: Category) -> Diagnosis:
    return Diagnosis(
        category,
        confidence=0.95 if not failure.context.get("singular") else 0.8,
        transient=None if category in _TRANSIENT else False,
        explanation=_explanation(failure, category),
        evidence=failure.message,
        rule=f"kind:{failure.check}" if failure.check else None,
    )


def _explanation(failure: Failure, category: Category) -> str:
    if category == "stale_source":
        expected = failure.context.get("expected")
        return f"No new data has arrived in time: {failure.message}." + (f" The limit: {expected}." if expected else "")
    if category == "unit_test_failure":
        return "The model's logic gives other rows than the unit test expects; the data has no part in it."
    columns = failure.context.get("columns")
    where = f" on {', '.join(columns)}" if isinstance(columns, tuple) and columns else ""
    count = failure.context.get("count")
    rows = f"{count:,} {'row' if count == 1 else 'rows'}" if isinstance(count, int) else "rows"
    name = f"`{failure.check}`" if failure.check else "The check"
    return f"{name}{where} found {rows}: {phrase(category)}."
