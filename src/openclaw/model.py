"""The words that the steps of the agent share: failures come in, findings go out, a diagnosis says why.

A failure is one node, check, task or step that did not come out well. A finding is the failures of one cause: it names the root, what
the root broke, the severity with its reasons, and the diagnosis. Times are UTC, ISO 8601 with milliseconds, as in the opstore.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

__all__ = ["CATEGORIES", "EVENT_TYPES", "Category", "Diagnosis", "EventType", "Failure", "Finding", "Severity"]

Category = Literal[
    "schema_drift",
    "missing_relation",
    "type_or_parse_error",
    "duplicate_key",
    "null_violation",
    "referential_integrity",
    "domain_violation",
    "business_rule",
    "stale_source",
    "volume_anomaly",
    "connectivity",
    "auth_or_permission",
    "resource_exhausted",
    "concurrency",
    "compilation",
    "sql_syntax",
    "unsupported_feature_or_function",
    "runtime_error",
    "configuration",
    "contract_violation",
    "unit_test_failure",
    "unknown",
    "none",  # of a text that tells of no failure; never of an incident
]
EventType = Literal[
    "DBT_RUN_FAILED",
    "DBT_TEST_FAILED",
    "DBT_FRESHNESS_STALE",
    "PIPELINE_FAILED",
    "DATA_QUALITY_FAILED",
    "SCHEMA_DRIFT",
    "DATA_DRIFT",
    "VOLUME_ANOMALY",
]
Severity = Literal["P1", "P2"]

CATEGORIES: tuple[Category, ...] = get_args(Category)
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)


@dataclass(frozen=True)
class Diagnosis:
    """Why something failed. `evidence` is the words that decided, as they stood in the text; `rule` the rule that fired.

    `confidence` is 0 to 1; `transient` says whether the same attempt may succeed later unchanged (None: cannot be told).
    """

    category: Category
    confidence: float
    transient: bool | None
    explanation: str
    evidence: str = ""
    rule: str | None = None


@dataclass(frozen=True)
class Failure:
    """One thing that did not come out well.

    `failure_id` is unique and stable (an event id, or a dbt unique_id within one invocation); `resource` is its place in the lineage: a
    dbt unique_id, an asset such as `silver.orders`, a task such as `airflow:olist_silver.build`. `asset` is what a check looks at, where
    that is not the resource itself. `context` carries what the producer knows: columns, file, log link, counts.
    """

    failure_id: str
    event_type: EventType
    resource: str
    kind: Literal["model", "test", "unit_test", "seed", "snapshot", "source", "operation", "task", "step", "artifact"]
    status: Literal["error", "fail", "warn", "stale", "skipped"]
    message: str
    asset: str | None = None
    check: str | None = None
    run_id: str | None = None
    occurred_at: str | None = None
    context: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """The failures of one cause. `fingerprint` is asset + check + error class, never a run id.

    `affected` holds everything that the root broke or that depends on it (unique ids and assets), `exposures` the dashboards and reports
    among it by name, `failure_ids` the failures that this finding explains, the root's first.
    """

    fingerprint: str
    event_type: EventType
    root: str
    title: str
    diagnosis: Diagnosis
    severity: Severity
    reasons: tuple[str, ...]
    affected: tuple[str, ...] = ()
    exposures: tuple[str, ...] = ()
    failure_ids: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
