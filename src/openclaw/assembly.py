"""The agent, put together from the settings: its record, its judge, where its alerts go, who advises it.

What is slow to import (runbooks, Gemini) is imported when an incident first wants advice: a pass over a healthy record needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from openclaw.agent import Advisor, Agent, Past, Policy
from openclaw.channels import Console, Discord
from openclaw.daily import daily_work
from openclaw.detect import load_expected
from openclaw.lineage import Lineage
from openclaw.model import Advice, Failure, Finding, IncidentView, Section
from openclaw.settings import Settings
from openclaw.sql import statement
from openclaw.triage import investigate
from opstore.store import Opstore, open_opstore, utc_now

__all__ = ["build_agent", "channel_of"]

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
    skipped = [name for f in failures if isinstance(names := f.context.get("skipped"), list) for name in names]
    return investigate(failures, lineage, skipped)


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
