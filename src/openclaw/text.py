"""An incident in plain text, for a terminal: what broke, why, what it affects, what to do. Every text in it is redacted and made plain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openclaw.lineage import short_name
from openclaw.model import Action, Advice, IncidentView
from openclaw.render import clip, plain

__all__ = ["as_text", "line"]

_NO_TABLES = ("exposure.", "metric.", "saved_query.", "semantic_model.", "test.", "unit_test.")
_LETTERS = 300
_NAMES = 8
_EVIDENCE = 4


def as_text(view: IncidentView) -> str:
    """The incident as it stands: some twenty lines, fewer when it is over."""
    head = f"{view.severity} {view.state}: {line(view.title)}  [{view.incident_id}]"
    facts = _end(view) if view.state == "resolved" else _facts(view)
    actions = () if view.state == "resolved" else _actions(view.advice)
    return "\n".join([head, *(f"  {name:<10}{text}" for name, text in facts), *actions])


def line(text: str, limit: int = _LETTERS) -> str:
    """A text in one line, without secrets or letters that a terminal obeys."""
    return clip(" ".join(plain(text).split()), limit)


def _facts(view: IncidentView) -> Iterator[tuple[str, str]]:
    yield "where", line(view.root)
    yield "why", f"{view.category} ({view.confidence:.0%}): {line(view.explanation)}"
    if view.exposures or view.affected:
        yield "affects", _affects(view)
    yield f"{view.severity}", "; ".join(map(line, view.reasons)) or "no reason was recorded"
    for item in view.evidence[:_EVIDENCE]:
        yield "evidence", f"{item.evidence_id} {line(item.source, 80)}: {line(item.text)}"
    yield "seen", _seen(view)
    if view.acknowledged_by:
        yield "in hand", f"{line(view.acknowledged_by)}, since {view.acknowledged_at}"
    links = [url for url in (view.incident_url, view.log_url) if url]
    if links:
        yield "see", " ".join(map(line, links))


def _end(view: IncidentView) -> Iterator[tuple[str, str]]:
    yield "where", line(view.root)
    yield "resolved", f"by {line(view.resolved_by or '')} at {view.resolved_at}: {line(view.resolved_reason or '')}"
    yield "seen", _seen(view)


def _seen(view: IncidentView) -> str:
    return (
        f"once, at {view.last_seen}"
        if view.count == 1
        else f"in {view.count:,} events, {view.first_seen} to {view.last_seen}"
    )


def _affects(view: IncidentView) -> str:
    tables = [name for name in view.affected if not name.startswith(_NO_TABLES)]
    parts = []
    if view.exposures:
        parts.append("dashboards: " + _listed(view.exposures))
    if tables:
        parts.append(f"{len(tables)} downstream: " + _listed(map(short_name, tables)))
    return "; ".join(parts)


def _listed(names: Iterable[str]) -> str:
    every = [line(name, 80) for name in dict.fromkeys(names)]
    return ", ".join(every[:_NAMES]) + (f" and {len(every) - _NAMES} more" if len(every) > _NAMES else "")


def _actions(advice: Advice | None) -> Iterator[str]:
    if advice is None:
        return
    for number, action in enumerate(advice.actions, start=1):
        yield f"  {number}. {_sentence(action)}"
        yield from (f"       {line(command)}" for command in (action.command or "").splitlines() if command.strip())
    origin = f"  actions from {line(advice.origin)}" + (f" ({line(advice.why)})" if advice.why else "")
    yield origin + "; suggested, never run"


def _sentence(action: Action) -> str:
    detail = f" {line(action.detail)}" if action.detail else ""
    rests = f" [runbook {line(action.runbook_id)}, {line(action.heading)}]" if action.runbook_id else ""
    return f"{line(action.title)}{detail}{rests}"
