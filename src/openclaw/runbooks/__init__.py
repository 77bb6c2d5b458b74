"""The runbooks: Markdown files that say how to mend what fails, read, and found again by the text of an error.

    runbooks = Runbooks.of(settings)
    runbooks.search('relation "silver.orders" does not exist', categories=["missing_relation"], resource="silver.orders")

Retrieval is by words (BM25F), with the diagnosis as a hint and the meaning according to Gemini mixed in where it is set up. Whatever is
wrong with one file, the others are found; whatever is wrong with Gemini, words are enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

import structlog

from openclaw.model import Section
from openclaw.runbooks.meaning import Meaning, meaning
from openclaw.runbooks.ranking import Bm25
from openclaw.runbooks.reading import HEADINGS, Runbook, RunbookError, read_folder
from openclaw.runbooks.words import words
from openclaw.settings import Settings

__all__ = ["HEADINGS", "Runbook", "RunbookError", "Runbooks"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

# How much a word weighs by where it stands: the symptom quotes what failing programs say, a title is chosen with care.
_WEIGHT = {"Title": 2.0, "Symptom": 2.0}
# Added to a match of words, which is at most 1.
_OF_THE_CATEGORY, _OF_THE_RESOURCE, _OF_THE_MEANING = 0.5, 0.2, 0.7


@dataclass(frozen=True)
class Runbooks:
    """The runbooks of a folder. `faults` are the files that could not be read, and why."""

    runbooks: Sequence[Runbook]
    faults: Sequence[RunbookError] = ()
    meaning: Meaning | None = field(default=None, repr=False)

    @classmethod
    def load(cls, folder: Path, *, meaning: Meaning | None = None) -> Runbooks:
        """What can be read of a folder; what cannot is logged and kept in `faults`, since an alert without advice is worse."""
        runbooks, faults = read_folder(folder)
        for fault in faults:
            log.error("a runbook cannot be read", file=fault.where, expected=fault.expected, found=fault.found)
        return cls(runbooks, faults, meaning)

    @classmethod
    def of(cls, settings: Settings) -> Runbooks:
        """Those that the settings name, with Gemini's help if it is set up."""
        return cls.load(settings.runbooks, meaning=meaning(settings))

    def search(
        self, query: str, *, categories: Sequence[str] = (), resource: str | None = None, limit: int = 3
    ) -> tuple[Section, ...]:
        """Every section of the runbooks that match, best runbook first, each with its runbook's score.

        `query` is an error's text; a diagnosis' `categories` and a `resource` speak for the runbooks that name them. Empty when
        nothing matches at all.
        """
        scores = self._scores(query, categories, resource)
        best = sorted((i for i, score in enumerate(scores) if score > 0), key=lambda i: (-scores[i], i))[:limit]
        return tuple(replace(section, score=scores[i]) for i in best for section in self.runbooks[i].sections)

    def _scores(self, query: str, categories: Sequence[str], resource: str | None) -> list[float]:
        by_words = self._words.scores(words(query))
        most = max(by_words, default=0.0) or 1.0
        by_meaning = self.meaning(query, [_gist(r) for r in self.runbooks]) if self.meaning and self.runbooks else None
        return [
            by_words[i] / most
            + (_OF_THE_MEANING * by_meaning[i] if by_meaning else 0.0)
            + _OF_THE_CATEGORY * (not set(categories).isdisjoint(runbook.categories))
            + _OF_THE_RESOURCE * any(fnmatchcase(resource, pattern) for pattern in runbook.resources if resource)
            for i, runbook in enumerate(self.runbooks)
        ]

    @cached_property
    def _words(self) -> Bm25:
        return Bm25([_weighted(runbook) for runbook in self.runbooks])


def _weighted(runbook: Runbook) -> Mapping[str, float]:
    """Each word of the runbook with how often it stands there, weighed by where."""
    counts: dict[str, float] = {}
    for heading, text in [("Title", runbook.title), *((s.heading, s.text) for s in runbook.sections)]:
        for word in words(text):
            counts[word] = counts.get(word, 0.0) + _WEIGHT.get(heading, 1.0)
    return counts


def _gist(runbook: Runbook) -> str:
    """What the runbook is about, in few words."""
    told = {section.heading: section.text for section in runbook.sections}
    return "\n\n".join([runbook.title, *(told[h] for h in ("Symptom", "Why it happens") if h in told)])
