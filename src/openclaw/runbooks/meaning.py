"""How near an error is to a runbook in meaning, by Gemini's embeddings: a help to the match of words, never a condition of it.

Texts are redacted before they are sent. Runbooks are embedded once and kept on disk by the hash of what was sent; a query costs one
call. Any failure, a spent budget or a slow answer means: no opinion.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from openclaw.gemini import BREAKER, Breaker, NoAnswer, client, failures_told, within
from openclaw.redact import redact
from openclaw.render import clip
from openclaw.settings import Settings

__all__ = ["Embedder", "Meaning", "meaning"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Meaning = Callable[[str, Sequence[str]], Sequence[float] | None]
Vector = list[float]

_DIMENSIONS, _LETTERS = 768, 6000
# A hint must not eat the time of the advice that it is for.
_MOST_SECONDS, _SHARE_OF_TIME = 4.0, 0.4
_HOUR = 3600.0


def meaning(settings: Settings, breaker: Breaker = BREAKER) -> Meaning | None:
    """What tells how near texts are, from 0 for the farthest to 1 for the nearest; None where Gemini is not set up."""
    if not settings.has_gemini or not settings.advice_budget_per_hour:
        return None
    return Embedder(settings, breaker)


@dataclass
class Embedder:
    """Gemini's embeddings, within the hour's budget of calls."""

    settings: Settings
    breaker: Breaker
    clock: Callable[[], float] = time.monotonic
    _calls: deque[float] = field(default_factory=deque, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, query: str, documents: Sequence[str]) -> Sequence[float] | None:
        try:
            sent = [_sendable(text) for text in (*documents, query)]
            vectors = self._vectors(sent)
        except NoAnswer as error:
            log.warning("runbooks are found by words alone", reason=str(error))
            return None
        near = [_cosine(vector, vectors[-1]) for vector in vectors[:-1]]
        least, most = min(near), max(near)
        return [(value - least) / (most - least) if most > least else 0.0 for value in near]

    def _vectors(self, texts: Sequence[str]) -> list[Vector]:
        known = {text: vector for text in texts if (vector := self._kept(text)) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            fresh = dict(zip(missing, self._asked(missing), strict=True))
            for text, vector in fresh.items():
                self._keep(text, vector)
            known |= fresh
        return [known[text] for text in texts]

    # --- Gemini -------------------------------------------------------------------------------------------------------------------

    def _asked(self, texts: Sequence[str]) -> list[Vector]:
        self._spend()
        if not self.breaker.lets_through():
            raise NoAnswer("Gemini failed several times in a row and is left alone for a while")
        seconds = min(_MOST_SECONDS, _SHARE_OF_TIME * self.settings.gemini_timeout)
        try:
            vectors = within(seconds, lambda: failures_told(lambda: self._once(texts)))
        except NoAnswer as error:
            self.breaker.record(outage=error.outage)
            raise
        self.breaker.record(outage=False)
        if [len(vector) for vector in vectors] != [_DIMENSIONS] * len(texts):
            raise NoAnswer("Gemini's embeddings have the wrong shape")
        return vectors

    def _once(self, texts: Sequence[str]) -> list[Vector]:
        from google.genai.types import Content, EmbedContentConfig, Part

        # Each text a content of its own: plain strings would be taken for the parts of one.
        contents = [Content(role="user", parts=[Part(text=text)]) for text in texts]
        with client(self.settings) as gemini:
            answer = gemini.models.embed_content(
                model=self.settings.gemini_embedding_model,
                contents=contents,
                config=EmbedContentConfig(output_dimensionality=_DIMENSIONS),
            )
        return [embedding.values or [] for embedding in answer.embeddings or []]

    def _spend(self) -> None:
        with self._lock:
            while self._calls and self.clock() - self._calls[0] > _HOUR:
                self._calls.popleft()
            if len(self._calls) >= self.settings.advice_budget_per_hour:
                raise NoAnswer("the hour's budget is spent")
            self._calls.append(self.clock())

    # --- The cache ----------------------------------------------------------------------------------------------------------------

    def _path(self, text: str) -> Path:
        told = json.dumps([self.settings.gemini_embedding_model, _DIMENSIONS, text])
        return self.settings.cache / "embeddings" / f"{hashlib.sha256(told.encode()).hexdigest()}.json"

    def _kept(self, text: str) -> Vector | None:
        try:
            vector = json.loads(self._path(text).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return vector if isinstance(vector, list) and len(vector) == _DIMENSIONS else None

    def _keep(self, text: str, vector: Vector) -> None:
        path = self._path(text)
        half = path.with_suffix(f".{threading.get_ident()}.half")
        with suppress(OSError):  # a folder that cannot be written costs a call next time
            path.parent.mkdir(parents=True, exist_ok=True)
            half.write_text(json.dumps(vector), encoding="utf-8")
            half.replace(path)


def _sendable(text: str) -> str:
    return clip(redact(text.encode("utf-8", "replace").decode()), _LETTERS)


def _cosine(one: Vector, other: Vector) -> float:
    length = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / length if length else 0.0
