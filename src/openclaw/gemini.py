"""The way to Gemini, for whoever asks it something: a client, a limit in time, and a breaker that leaves it alone while it keeps failing.

The time holds whatever the network does: a call is left behind in a thread of its own when it is over. What went wrong is told in
words that hold neither key nor address.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from openclaw.settings import Settings

if TYPE_CHECKING:
    from google.genai import Client

__all__ = ["BREAKER", "Again", "Breaker", "NoAnswer", "client", "failures_told", "within"]

# The API refuses deadlines shorter than this; ours is kept here and not there.
_SHORTEST_DEADLINE = 10
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})

T = TypeVar("T")


class NoAnswer(Exception):
    """Gemini gave nothing that can be used; the text says why. `asked` is how many requests were sent. `outage`: it may be down."""

    def __init__(self, why: str, *, outage: bool = False) -> None:
        self.outage, self.asked = outage, 0
        super().__init__(why)


class Again(NoAnswer):
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


def within(seconds: float, call: Callable[[], T]) -> T:
    """What the call returns, if it does in time. Raises NoAnswer, the call's own or for its being late."""
    outcome: queue.SimpleQueue[T | NoAnswer] = queue.SimpleQueue()

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


def failures_told(call: Callable[[], T]) -> T:
    """What the call of the client returns. Raises NoAnswer for whatever it raises, Again where another attempt may help."""
    from google.genai import errors  # slow to import, and needed only where Gemini is set up

    try:
        return call()
    except errors.APIError as error:
        words = f"Gemini refused the request ({error.code} {error.status or ''})".replace(" )", ")")
        raise (Again if error.code in _TRANSIENT else NoAnswer)(words, outage=True) from None
    except Exception as error:  # noqa: BLE001 - transports, credentials and the client's own parsers differ; advice must not fail
        raise Again(f"Gemini could not be asked ({type(error).__name__})", outage=True) from None


def client(settings: Settings) -> Client:
    """A client that makes one attempt a call; close it after use."""
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
