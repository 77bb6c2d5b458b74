"""Asking Gemini for advice: within a time, and again where that helps. The answer is not verified yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_exponential_jitter

from openclaw.advisor.question import INSTRUCTIONS, Answer, Question
from openclaw.gemini import BREAKER, Again, Breaker, NoAnswer, client, failures_told, within
from openclaw.settings import Settings

if TYPE_CHECKING:
    from google.genai.types import GenerateContentConfig, GenerateContentResponse

__all__ = ["ask"]

_ATTEMPTS = 3
_MOST_TOKENS = 4096


def ask(question: Question, settings: Settings, breaker: Breaker = BREAKER) -> Answer:
    """Gemini's answer, not verified yet. Raises NoAnswer."""
    sent = _Counter()
    try:
        answer = within(settings.gemini_timeout, lambda: _attempts(question, settings, sent))
    except NoAnswer as error:
        breaker.record(outage=error.outage)
        error.asked = sent.value
        raise
    breaker.record(outage=False)
    return answer


@dataclass
class _Counter:
    value: int = 0


def _attempts(question: Question, settings: Settings, sent: _Counter) -> Answer:
    attempts = Retrying(
        retry=retry_if_exception_type(Again),
        stop=stop_after_attempt(_ATTEMPTS) | stop_before_delay(settings.gemini_timeout),
        wait=wait_exponential_jitter(initial=0.3, max=3, jitter=0.3),
        reraise=True,
    )
    return attempts(_once, question, settings, sent)


def _once(question: Question, settings: Settings, sent: _Counter) -> Answer:
    def call() -> GenerateContentResponse:
        with client(settings) as gemini:
            sent.value += 1
            return gemini.models.generate_content(
                model=settings.gemini_model, contents=question.document, config=_config()
            )

    return _answer(failures_told(call))


def _config() -> GenerateContentConfig:
    from google.genai.types import GenerateContentConfig

    return GenerateContentConfig(
        system_instruction=INSTRUCTIONS,
        response_mime_type="application/json",
        response_schema=Answer,
        max_output_tokens=_MOST_TOKENS,
    )


def _answer(response: GenerateContentResponse) -> Answer:
    """The text as an answer. A refusal, a cut or a wrong shape is no outage, and asking again would bring the same."""
    candidate = response.candidates[0] if response.candidates else None
    finish = candidate.finish_reason.name if candidate and candidate.finish_reason else "no candidate"
    if finish != "STOP":
        raise NoAnswer(f"Gemini declined to answer ({finish})")
    parts = candidate.content.parts if candidate and candidate.content and candidate.content.parts else []
    text = "".join(part.text for part in parts if part.text and not part.thought)
    if not text.strip():
        raise NoAnswer("Gemini's answer was empty")
    try:
        return Answer.model_validate_json(text)
    except ValidationError as error:
        raise NoAnswer(f"Gemini's answer has the wrong shape ({error.errors()[0]['type']})") from None
