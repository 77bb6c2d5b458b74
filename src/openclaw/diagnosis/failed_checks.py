"""Checks that a text says came out false: tests of dbt, expectations of Great Expectations, checks of Soda.

What a test of dbt is about is told as from the artifacts: one in a file of SQL is singular, a rule of the business whatever its name; one
in a file of YAML is generic, and its name says it. A name that says it only by convention is less sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from openclaw.artifacts.checks import category_of, check_of, named_check
from openclaw.model import Category

__all__ = ["FailedCheck", "failed_checks"]

_KNOWN, _SINGULAR, _BY_CONVENTION = 0.96, 0.9, 0.7
_DBT = re.compile(
    r"""\b(?:Failure|Fail|Warning)\sin\stest\s(?P<headed>[\w.]+)\s*\((?P<path>[^()\n]{0,300})
    | \b(?:FAIL|WARN)\s\d+\s(?P<listed>[\w.]+)\s\.{3,}""",
    re.VERBOSE,
)
_TYPE = re.compile(r"""["']?(?:expectation_)?type["']?\s*:\s*["'](?P<name>expect_\w+)["']""")
_FALSE = re.compile(r"""["']success["']\s*:\s*[Ff]alse\b""")
_RESULT = re.compile(r"""["']success["']\s*:\s*(?:[Tt]rue|[Ff]alse)\b""")
_RAISED = re.compile(r"""["']raised_exception["']\s*:\s*[Tt]rue\b""")
_MENTIONED = re.compile(r"\bexpect_[a-z]\w+")
_CAME_OUT_FALSE = re.compile(
    r"""(?<!\b0\s)\bfail(?:ed|ure)\b(?!\W{1,3}0\b) | \bsuccess\W{1,3}false\b | \bunexpected(?!_\w+\W{1,4}0(?:\.0+)?\b)
    | \bviolat(?:ed|ion)\b | \bnot\smet\b | \bdid\snot\spass\b""",
    re.VERBOSE | re.IGNORECASE,
)
_SODA_METRICS: dict[str, Category] = {
    "missing_count": "null_violation",
    "missing_percent": "null_violation",
    "duplicate_count": "duplicate_key",
    "duplicate_percent": "duplicate_key",
    "invalid_count": "domain_violation",
    "invalid_percent": "domain_violation",
    "row_count": "volume_anomaly",
    "freshness": "stale_source",
    "schema": "schema_drift",
    "values in": "referential_integrity",
    "failed rows": "business_rule",
}
_SODA = re.compile(rf"\b(?P<metric>{'|'.join(_SODA_METRICS)})\b[^\n]{{0,300}}\[FAILED\]")
_SODA_SPEAKS = re.compile(r"\bsoda\b|\bchecks FAILED\b", re.IGNORECASE)
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
        yield _dbt_test(found)
    if _FALSE.search(text):
        yield from _expectations(text)
    if "expect_" in text:
        yield from _mentioned(text)
    if "[FAILED]" in text and _SODA_SPEAKS.search(text):
        yield from _soda(text)


def _dbt_test(found: re.Match[str]) -> FailedCheck:
    name = found["headed"] or found["listed"]
    if (found["path"] or "").endswith(".sql"):
        category = check_of(f"test.project.{name}", None).category
        return _failed(name, category, _SINGULAR, found[0].strip(), found.start())
    check = named_check(name)
    sure = _KNOWN if check.name != name else _BY_CONVENTION
    return _failed(name, check.category, sure, found[0].strip(), found.start())


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


def _mentioned(text: str) -> Iterator[FailedCheck]:
    """Outside of JSON: named on a line that says it failed, or on the lines below one that does."""
    at, headed = 0, False
    for line in text.splitlines(keepends=True):
        names = list(islice(_MENTIONED.finditer(line), _MOST)) if not _TYPE.search(line) else []
        false = bool(_CAME_OUT_FALSE.search(line[:2000]))
        for found in names if false or headed else []:
            yield _failed(found[0], category_of(found[0]), 0.85, found[0], at + found.start())
        headed = false if not names else headed and not false
        at += len(line)


def _soda(text: str) -> Iterator[FailedCheck]:
    for found in islice(_SODA.finditer(text), _MOST):
        yield _failed(found["metric"], _SODA_METRICS[found["metric"]], 0.85, found[0], found.start())


def _failed(name: str, category: Category, confidence: float, evidence: str, at: int) -> FailedCheck:
    said = f"The check {name} was carried out and came out false: {category.replace('_', ' ')}."
    return FailedCheck(name, category, confidence, evidence, said, at)
