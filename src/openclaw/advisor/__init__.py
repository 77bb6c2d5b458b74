"""Three actions for an incident: from Gemini where its answer stands up to the runbooks, and else from the runbooks themselves.

Advice never fails and never comes late. Gemini is asked when it is set up, within the hour's budget and not while it is failing; its
answer counts only if every action rests on evidence and on words of a runbook that exist. In every other case the runbooks' own steps
are the advice, and `why` says what was the matter. Commands are suggested, never run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from openclaw.advisor.gemini import ask
from openclaw.advisor.question import Question
from openclaw.advisor.steps import own_steps
from openclaw.advisor.verifier import Rejected, verified
from openclaw.gemini import BREAKER, Breaker, NoAnswer
from openclaw.model import Advice, IncidentView, Section
from openclaw.settings import Settings

__all__ = ["BREAKER", "Breaker", "advise"]


def advise(
    view: IncidentView,
    sections: Sequence[Section],
    *,
    settings: Settings,
    calls_last_hour: Callable[[], int],
    past: Sequence[str] = (),
    breaker: Breaker = BREAKER,
) -> Advice:
    """Exactly three actions, within `gemini_timeout` seconds.

    `sections` are those of the runbooks that were found, best runbook first, their fixes included; `past` is how incidents of the same
    cause ended, a line each. `calls_last_hour` sums `Advice.asked` over the last hour's history.
    """
    own = own_steps(view, sections)
    why = _why_not_to_ask(sections, settings, calls_last_hour, breaker)
    if why:
        return replace(own, why=why, provisional=bool(sections))
    question = Question.about(view, sections, past)
    try:
        answer = ask(question, settings, breaker)
        return verified(answer, question, f"gemini:{settings.gemini_model}")
    except NoAnswer as error:
        return replace(own, why=str(error), asked=error.asked, provisional=error.outage)
    except Rejected as error:
        return replace(own, why=f"Gemini's advice was rejected: {error}", asked=1)


def _why_not_to_ask(
    sections: Sequence[Section], settings: Settings, calls_last_hour: Callable[[], int], breaker: Breaker
) -> str:
    if not settings.has_gemini:
        return "Gemini is not set up"
    if not sections:
        return "no runbook was found that Gemini's advice could rest on"
    if calls_last_hour() >= settings.advice_budget_per_hour:
        return f"the budget of {settings.advice_budget_per_hour} calls of Gemini an hour is spent"
    if not breaker.lets_through():
        return "Gemini failed several times in a row and is left alone for a while"
    return ""
