"""Asking Gemini: within a time, again where that helps, and not at all while it keeps failing.

The time holds whatever the network does: the call is left behind in a thread of its own when it is over. What went wrong is told in
words that hold neither key nor address.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_exponential_jitter

from openclaw.advisor.question import INSTRUCTIONS, Answer, Question
from openclaw.settings import Settings

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import GenerateContentConfig, GenerateContentResponse

__all__ = ["BREAKER", "Breaker", "NoAnswer", "ask"]

_ATTEMPTS = 3
# The API refuses deadlines shorter than this; ours is kept here and not there.
_SHORTEST_DEADLINE = 10
_MOST_TOKENS = 4096
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


class NoAnswer(Exception):
    """Gemini gave nothing to verify; the text says why. `asked` is how many requests were sent. `outage`: it may be down."""

    def __init__(self, why: str, *, outage: bool = False) -> None:
        self.outage, self.asked = outage, 0
        super().__init__(why)


class _Again(NoAnswer):
    """Worth another attempt."""


@dataclass
class Breaker:
    """Opens after `failures` outages in a row, for `seconds`; then one call may try, and closes it or opens it again."""

    failures: int = 3
    seconds: float = 300.0
    clock: Callable[[], float] = time.monotonic
    _count: int = 0
    _closed_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def lets_through(self) -> bool:
        """Whether to call now. While open, one caller per period is let through."""
        with self._lock:
            if self._count < self.failures:
                return True
            if self.clock() < self._closed_at:
                return False
            self._closed_at = self.clock() + self.seconds
            return True

    def record(self, *, outage: bool) -> None:
        """What came of a call."""
        with self._lock:
            self._count = self._count + 1 if outage else 0
            if self._count >= self.failures:
                self._closed_at = self.clock() + self.seconds


BREAKER = Breaker()


def ask(question: Question, settings: Settings, breaker: Breaker = BREAKER) -> Answer:
    """Gemini's answer, not verified yet. Raises NoAnswer."""
    sent = _Counter()
    try:
        answer = _within(settings.gemini_timeout, lambda: _attempts(question, settings, sent))
    except NoAnswer as error:
        breaker.record(outage=error.outage)
        error.asked = sent.value
        raise
    breaker.record(outage=False)
    return answer


@dataclass
class _Counter:
    value: int = 0


def _within(seconds: float, call: Callable[[], Answer]) -> Answer:
    outcome: queue.SimpleQueue[Answer | NoAnswer] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put(call())
        except NoAnswer as error:
            outcome.put(error)

    threading.Thread(target=run, name="gemini", daemon=True).start()
    try:
        result = outcome.get(timeout=seconds)
    except queue.Empty:
        raise NoAnswer(f"Gemini did not answer within {seconds:g} s", outage=True) from None
    if isinstance(result, NoAnswer):
        raise result
    return result


def _attempts(question: Question, settings: Settings, sent: _Counter) -> Answer:
    attempts = Retrying(
        retry=retry_if_exception_type(_Again),
        stop=stop_after_attempt(_ATTEMPTS) | stop_before_delay(settings.gemini_timeout),
        wait=wait_exponential_jitter(initial=0.3, max=3, jitter=0.3),
        reraise=True,
    )
    return attempts(_once, question, settings, sent)


def _once(question: Question, settings: Settings, sent: _Counter) -> Answer:
    from google.genai import errors  # slow to import, and needed only where Gemini is set up

    try:
        with _client(settings) as client:
            sent.value += 1
            response = client.models.generate_content(
                model=settings.gemini_model, contents=question.document, config=_config()
            )
    except errors.APIError as error:
        words = f"Gemini refused the request ({error.code} {error.status or ''})".replace(" )", ")")
        raise (_Again if error.code in _TRANSIENT else NoAnswer)(words, outage=True) from None
    except Exception as error:  # noqa: BLE001 - transports, credentials and the client's own parsers differ; advice must not fail
        raise _Again(f"Gemini could not be asked ({type(error).__name__})", outage=True) from None
    return _answer(response)


def _client(settings: Settings) -> Client:
    from google.genai import Client
    from google.genai.types import HttpOptions, HttpRetryOptions

    options = HttpOptions(
        base_url=settings.gemini_base_url,
        timeout=1000 * max(_SHORTEST_DEADLINE, math.ceil(settings.gemini_timeout)),
        retry_options=HttpRetryOptions(attempts=1),
    )
    if settings.gemini_api_key is None:
        project, location = settings.vertex_project, settings.vertex_location
        return Client(vertexai=True, project=project, location=location, http_options=options)
    options.api_version = "v1beta"  # where structured output is at home
    return Client(vertexai=False, api_key=settings.gemini_api_key.get_secret_value(), http_options=options)


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
