"""The agent, put together from the settings: its record, its judge, where its alerts go, who advises it.

What is slow to import (runbooks, Gemini) is imported when an incident first wants advice: a pass over a healthy record needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from openclaw.agent import Advisor, Agent, Past, Policy
from openclaw.channels import Console, Discord
from openclaw.daily import daily_work
from openclaw.detect import load_expected
from openclaw.lineage import Lineage
from openclaw.model import Advice, Diagnosis, Failure, Finding, IncidentView, Section, Severity
from openclaw.settings import Settings
from openclaw.sql import statement
from openclaw.triage import investigate
from opstore.store import Opstore, event_id, open_opstore, utc_now

__all__ = ["build_agent", "channel_of"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_RUNBOOKS = 3
_QUERY_LETTERS = 4000


def build_agent(settings: Settings, write: Callable[[str], None], store: Opstore | None = None) -> Agent:
    """The agent that the settings describe. `write` prints what goes to the terminal.

    Raises UnknownStore for an address of a kind that is not supported, ValueError for a file of expected steps that cannot be read.
    """
    store = store or open_opstore(settings.opstore)
    channel = channel_of(settings, write)
    return Agent(
        store=store,
        judge=_judge,
        channel=channel,
        advisor=_advisor(settings, store),
        may_ask=lambda: settings.has_gemini and _calls_last_hour(store) < settings.advice_budget_per_hour,
        policy=Policy(
            expected=tuple(load_expected(settings.expected)) if settings.expected else (),
            public_url=settings.public_url,
        ),
        daily=daily_work(settings, store, channel),
    )


def channel_of(settings: Settings, write: Callable[[str], None]) -> Console | Discord:
    """Where alerts go."""
    if settings.discord_webhook is None:
        return Console(write)
    return Discord(settings.discord_webhook, settings.discord_timeout, write)


def _judge(failures: Sequence[Failure], lineage: Lineage) -> Sequence[Finding]:
    """One finding per cause. Should judging itself fail, each failure is told as it stands: an alert too many is better than none."""
    skipped = [name for f in failures if isinstance(names := f.context.get("skipped"), list) for name in names]
    try:
        return investigate(failures, lineage, skipped)
    except Exception as error:
        log.exception("the failures could not be judged", error=type(error).__name__)
        return [_unjudged(failure) for failure in failures]


def _unjudged(failure: Failure) -> Finding:
    identity = event_id(failure.asset or failure.resource, failure.check, "unjudged")[:16]
    said = Diagnosis("unknown", 0.0, None, f"It failed, and why could not be looked into: {failure.message}")
    title = f"{failure.check or failure.kind} of {failure.resource} failed"
    severity: Severity = "P2" if failure.status == "warn" else "P1"
    return Finding(
        identity, failure.event_type, failure.resource, title, said, severity, ("it failed",), failure_ids=(failure.failure_id,)
    )  # fmt: skip


def _advisor(settings: Settings, store: Opstore) -> Advisor:
    search: Callable[[IncidentView], tuple[Section, ...]] | None = None

    def advice(view: IncidentView, past: Sequence[Past]) -> Advice:
        from openclaw.advisor import advise

        nonlocal search
        search = search or _retrieval(settings)
        return advise(
            view,
            search(view),
            settings=settings,
            calls_last_hour=lambda: _calls_last_hour(store),
            past=[f"{one.resolved_at}, by {one.resolved_by}: {one.reason}" for one in past],
        )

    return advice


def _retrieval(settings: Settings) -> Callable[[IncidentView], tuple[Section, ...]]:
    from openclaw.runbooks import Runbooks

    runbooks = Runbooks.of(settings)

    def search(view: IncidentView) -> tuple[Section, ...]:
        told = "\n".join([view.title, view.explanation, *(item.text for item in view.evidence)])
        return runbooks.search(told[:_QUERY_LETTERS], categories=[view.category], resource=view.root, limit=_RUNBOOKS)

    return search


def _calls_last_hour(store: Opstore) -> int:
    rows = store.query(statement("calls_since"), {"since": utc_now(-timedelta(hours=1))})
    return int(rows[0]["calls"])
