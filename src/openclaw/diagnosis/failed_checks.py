"""Checks that a text says came out false: tests of dbt, and expectations of Great Expectations in their JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from openclaw.artifacts.checks import category_of, named_check
from openclaw.model import Category

__all__ = ["FailedCheck", "failed_checks"]

_DBT = re.compile(
    r"""\b(?:Failure|Fail|Warning)\sin\stest\s(?P<headed>[\w.]+)\s*\( | \b(?:FAIL|WARN)\s\d+\s(?P<listed>[\w.]+)\s\.{3,}""",
    re.VERBOSE,
)
_TYPE = re.compile(r"""["']?(?:expectation_)?type["']?\s*:\s*["'](?P<name>expect_\w+)["']""")
_FALSE = re.compile(r"""["']success["']\s*:\s*[Ff]alse\b""")
_RESULT = re.compile(r"""["']success["']\s*:\s*(?:[Tt]rue|[Ff]alse)\b""")
_RAISED = re.compile(r"""["']raised_exception["']\s*:\s*[Tt]rue\b""")
_MOST = 300  # expectations of one text that are looked at


@dataclass(frozen=True)
class FailedCheck:
    """One check that came out false."""

    name: str
    category: Category
    confidence: float
    evidence: str
    explanation: str
    at: int


def failed_checks(text: str) -> Iterator[FailedCheck]:
    """All of them, in no order."""
    for found in _DBT.finditer(text):
        name = found["headed"] or found["listed"]
        yield _failed(name, named_check(name).category, 0.96, found[0].strip(), found.start())
    if _FALSE.search(text):
        yield from _expectations(text)


def _expectations(text: str) -> Iterator[FailedCheck]:
    """The JSON of a result holds one expectation and one verdict, in either order; a log may have cut it anywhere."""
    types = list(islice(_TYPE.finditer(text), _MOST))
    verdicts = [verdict.start() for verdict in _RESULT.finditer(text)]
    for i, found in enumerate(types):
        before = types[i - 1].end() if i else 0
        after = types[i + 1].start() if i + 1 < len(types) else len(text)
        following = [at for at in verdicts if found.end() <= at < after]
        leading = [at for at in verdicts if before <= at < found.start()]
        own = following[0] if following and not _leads(text, types, verdicts) else leading[-1] if leading else None
        if own is None or not _FALSE.match(text, own):
            continue
        if _RAISED.search(text, min(before, own), max(own, found.end())):
            continue  # it could not be carried out: what it raised says why
        name = found["name"]
        yield _failed(name, category_of(name), 0.9, name, found.start())


def _leads(text: str, types: list[re.Match[str]], verdicts: list[int]) -> bool:
    """Whether the verdict of a result stands before its expectation: where nothing follows the last one."""
    return bool(verdicts) and not any(at > types[-1].end() for at in verdicts)


def _failed(name: str, category: Category, confidence: float, evidence: str, at: int) -> FailedCheck:
    said = f"The check {name} was carried out and came out false: {category.replace('_', ' ')}."
    return FailedCheck(name, category, confidence, evidence, said, at)
