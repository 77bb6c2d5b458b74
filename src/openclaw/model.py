"""The words that the steps of the agent share: failures come in, findings go out, a diagnosis says why.

A failure is one node, check, task or step that did not come out well. A finding is the failures of one cause: it names the root, what
the root broke, the severity with its reasons, and the diagnosis. Times are UTC, ISO 8601 with milliseconds, as in the opstore.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

__all__ = [
    "CATEGORIES",
    "EVENT_TYPES",
    "Action",
    "Advice",
    "Category",
    "Diagnosis",
    "EventType",
    "Evidence",
    "Failure",
    "Finding",
    "IncidentState",
    "IncidentView",
    "Section",
    "Severity",
]

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
    "DBT_MODEL_SLOW",
    "PIPELINE_FAILED",
    "DATA_QUALITY_FAILED",
    "SCHEMA_DRIFT",
    "DATA_DRIFT",
    "VOLUME_ANOMALY",
]
Severity = Literal["P1", "P2"]
IncidentState = Literal["open", "acknowledged", "resolved", "reopened"]

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

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about, in lower case, as far as the producer knows them."""
        found = self.context.get("columns") or self.context.get("column")
        listed = found if isinstance(found, list | tuple) else [found] if found else []
        return tuple(str(column).lower() for column in listed)


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


@dataclass(frozen=True)
class Section:
    """One section of a runbook, cut at its heading. `score` is how well it matched; higher is better.

    Advice needs the steps as well as the symptom: retrieval hands over every section of the runbooks that it found, best runbook first.
    """

    runbook_id: str
    title: str
    heading: str
    text: str
    score: float

    @property
    def section_id(self) -> str:
        """How an action cites it: `runbook#heading`."""
        return f"{self.runbook_id}#{self.heading}"


@dataclass(frozen=True)
class Evidence:
    """One fact behind a finding, as it was recorded. `source` says where it stood (a resource, a file, a task log), `link` leads there.

    `evidence_id` is short, since people and actions cite it: E1, E2, …
    """

    evidence_id: str
    text: str
    source: str = ""
    link: str | None = None


@dataclass(frozen=True)
class Action:
    """What a person is advised to do. `command` is a suggestion, never run by the agent.

    `runbook_id`, `heading` and `quote` name the words of the runbook that it rests on; all three are empty where no runbook applies.
    """

    title: str
    detail: str = ""
    command: str | None = None
    evidence_ids: tuple[str, ...] = ()
    runbook_id: str = ""
    heading: str = ""
    quote: str = ""


@dataclass(frozen=True)
class Advice:
    """Exactly three actions, and who they come from.

    `origin` is `gemini:<model>`, `runbook` (the runbook's own steps) or `diagnosis` (no runbook applies); `why` says why it is not Gemini.
    `hypotheses` are guesses of the model, to be shown apart from what is known. `asked` is how many requests Gemini got for it: the
    hour's budget is counted by them. `provisional`: Gemini could not be asked then, or did not answer; it may be asked once more.
    """

    actions: tuple[Action, Action, Action]
    origin: str
    why: str = ""
    hypotheses: tuple[str, ...] = ()
    asked: int = 0
    provisional: bool = False


@dataclass(frozen=True)
class IncidentView:
    """All that an alert shows of an incident, as it stands now. Texts are raw: whoever shows them redacts and escapes.

    `affected` are unique ids and assets, `exposures` dashboards and reports by name. `count` is how often it was seen since `first_seen`.
    `confidence` is 0 to 1. `acknowledged_by` and `resolved_by` name a person, or the check that passed; links are absolute URLs.
    """

    incident_id: str
    state: IncidentState
    severity: Severity
    title: str
    category: Category
    root: str
    explanation: str
    confidence: float
    opened_at: str
    first_seen: str
    last_seen: str
    count: int = 1
    reasons: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    affected: tuple[str, ...] = ()
    exposures: tuple[str, ...] = ()
    advice: Advice | None = None
    acknowledged_by: str | None = None
    acknowledged_at: str | None = None
    resolved_by: str | None = None
    resolved_reason: str | None = None
    resolved_at: str | None = None
    incident_url: str | None = None
    log_url: str | None = None
    runbook_url: str | None = None
