"""How well the runbook for an error is found, and its category told, over captured error texts with labels.

A text is asked without its category. Half of them, by a hash of their id, may be looked at when retrieval is tuned or a runbook written;
the other half is held out, and every result tells the two apart.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from openclaw.model import CATEGORIES, Section

__all__ = ["HALVES", "Asked", "EvaluationError", "Measure", "Query", "Result", "ask_all", "read_queries", "result"]

Half = Literal["tuning", "held out"]
HALVES: tuple[Half, ...] = ("tuning", "held out")
_Z = 1.96  # two-sided 95 %


class EvaluationError(Exception):
    """The labelled texts cannot be used; says which line, and why."""


class Query(BaseModel):
    """One error text. `runbooks` are those that would help, any of them; `how` says how it was provoked, or where it is known from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    text: str = Field(min_length=1)
    runbooks: tuple[str, ...] = Field(min_length=1)
    category: str
    provenance: Literal["captured", "reconstructed"]
    how: str = Field(min_length=1)

    @field_validator("category")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in CATEGORIES:
            raise ValueError(f"one of {', '.join(CATEGORIES)}")
        return value

    @property
    def half(self) -> Half:
        """Which half it belongs to: nobody chooses."""
        return HALVES[hashlib.sha256(self.id.encode()).digest()[0] % 2]


@dataclass(frozen=True)
class Asked:
    """A text and the runbooks found for it, best first. `rank` is the place of the first that helps, from 1; None beyond the last."""

    query: Query
    found: tuple[str, ...]

    @property
    def rank(self) -> int | None:
        places = [place for place, runbook_id in enumerate(self.found, 1) if runbook_id in self.query.runbooks]
        return places[0] if places else None


@dataclass(frozen=True)
class Measure:
    """A share or a mean from 0 to 1, with its 95 % confidence interval: Wilson's for a share, by the standard error for a mean."""

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Result:
    """How well runbooks were found and categories told. `confidently_wrong` is a category that is neither right nor `unknown`."""

    queries: int
    hit_at_1: Measure
    hit_at_3: Measure
    mean_reciprocal_rank: Measure
    category: Measure
    confidently_wrong: Measure


def read_queries(path: Path) -> list[Query]:
    """The labelled texts of a file of JSON lines. Raises EvaluationError."""
    queries: dict[str, Query] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            query = Query.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise EvaluationError(
                f"{path}, line {number}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
            ) from error
        if query.id in queries:
            raise EvaluationError(f"{path}, line {number}: {query.id} stands there twice")
        queries[query.id] = query
    if not queries:
        raise EvaluationError(f"{path}: no labelled text, so that nothing is measured")
    return list(queries.values())


def ask_all(queries: Sequence[Query], search: Callable[[str], tuple[Section, ...]]) -> list[Asked]:
    """Each text with the runbooks that `search` finds for it, and nothing else known."""
    return [
        Asked(query, tuple(dict.fromkeys(section.runbook_id for section in search(query.text)))) for query in queries
    ]


def result(asked: Sequence[Asked], category_of: Callable[[str], str]) -> Result:
    """The measures over these texts; `category_of` tells the category of a text."""
    ranks = [one.rank for one in asked]
    told = [(one.query.category, category_of(one.query.text)) for one in asked]
    return Result(
        len(asked),
        _share([rank == 1 for rank in ranks]),
        _share([rank is not None and rank <= 3 for rank in ranks]),
        _mean([1 / rank if rank else 0.0 for rank in ranks]),
        _share([found == right for right, found in told]),
        _share([found not in (right, "unknown") for right, found in told]),
    )


def _share(hits: Sequence[bool]) -> Measure:
    """A share with Wilson's interval, which is sound near 1 too."""
    of, z = len(hits), _Z
    if not of:
        return Measure(0.0, 0.0, 1.0)
    p = sum(hits) / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return Measure(p, max(0.0, middle - half), min(1.0, middle + half))


def _mean(values: Sequence[float]) -> Measure:
    if len(values) < 2:
        return Measure(sum(values), 0.0, 1.0)
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    half = _Z * math.sqrt(variance / len(values))
    return Measure(mean, max(0.0, mean - half), min(1.0, mean + half))
