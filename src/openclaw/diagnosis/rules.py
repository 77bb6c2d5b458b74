"""The rules of diagnosis: YAML files, one per category, of the package and of the folder that OPENCLAW_RULES names.

A file says `category`, perhaps `confidence` and `transient` for all its `rules`, and of each rule: `id`, `match` (patterns, any one of
which suffices), `explain`, perhaps its own `confidence` and `transient`, `requires` (one of them must be somewhere in the text) and
`unless` (none of them may be in the lines of the match: decoys). Patterns are regular expressions without regard to case (but for codes
such as TABLE_NOT_FOUND), in which a blank stands for any white space, and one with a question mark for any or none. In `explain`,
`{what|words}` shows the group `what` of the pattern that matched, or else the words after the bar.

A rule of one's own takes the place of the one with its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import yaml

from openclaw.model import CATEGORIES, Category

__all__ = ["Pattern", "Rule", "RuleError", "load_rules"]

_OWN = Path(__file__).parent / "rules"
_OF_FILE = frozenset({"category", "confidence", "transient", "rules"})
_OF_RULE = frozenset({"id", "match", "explain", "category", "confidence", "transient", "requires", "unless"})
_CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")  # syntax_error may be a key of any JSON, SYNTAX_ERROR is an answer
_LEAST = 3  # characters of a literal that is worth looking for
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class RuleError(ValueError):
    """A file of rules that cannot be used: says which file and rule, what was expected and what was found."""

    def __init__(self, path: Path, rule: str, problem: str) -> None:
        super().__init__(f"{path}: {f'rule {rule}: ' if rule else ''}{problem}")


@dataclass(frozen=True)
class Pattern:
    """A regular expression that is compiled when a text holds its longest plain word, which few texts do."""

    source: str
    literal: str

    @classmethod
    def of(cls, written: str) -> Pattern:
        """From a pattern as a rule writes it."""
        source = _CODE.sub(r"(?-i:\g<0>)", written)
        return cls(re.sub(r" +", r"\\s+", source.replace(" ?", r"\s*")), _literal(written))

    def finditer(self, text: str, lowered: str) -> Iterator[re.Match[str]]:
        """The matches in a text, of which `lowered` is the lower case."""
        return _compiled(self.source).finditer(text) if self.literal in lowered else iter(())

    def found(self, text: str, lowered: str) -> bool:
        """Whether there is any."""
        return next(self.finditer(text, lowered), None) is not None


@dataclass(frozen=True)
class Rule:
    """One class of error. `confidence` is 0 to 1, `transient` whether the same attempt may succeed later."""

    rule_id: str
    category: Category
    confidence: float
    transient: bool | None
    explain: str
    match: tuple[Pattern, ...]
    requires: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()

    def explanation(self, match: re.Match[str]) -> str:
        """The explanation, with what the pattern caught."""
        caught = match.groupdict()
        return re.sub(r"\{(\w+)\|([^{}]*)\}", lambda slot: (caught.get(slot[1]) or slot[2]).strip(), self.explain)


@lru_cache(maxsize=4)
def load_rules(folder: Path | None = None) -> tuple[Rule, ...]:
    """Our rules, and those in `folder` before them. Raises RuleError."""
    if folder is not None and not folder.is_dir():
        raise RuleError(folder, "", "there is no such folder; OPENCLAW_RULES names a folder of *.yml files.")
    rules = _in_folder(folder) if folder else {}
    for rule_id, rule in _in_folder(_OWN).items():
        rules.setdefault(rule_id, rule)
    return tuple(rules.values())


def _in_folder(folder: Path) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for path in sorted((*folder.glob("*.yml"), *folder.glob("*.yaml"))):
        for rule in _in_file(path):
            if rule.rule_id in found:
                raise RuleError(path, rule.rule_id, "there is another rule with this id.")
            found[rule.rule_id] = rule
    return found


def _in_file(path: Path) -> Iterator[Rule]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader, the fast one where it is built
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RuleError(path, "", f"is not YAML that can be read: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("rules"), list):
        raise RuleError(path, "", "expected `category` and a list of `rules`.")
    _refuse_unknown(path, "", document, _OF_FILE)
    shared = {key: value for key, value in document.items() if key != "rules"}
    for position, written in enumerate(document["rules"], start=1):
        if not isinstance(written, dict) or not isinstance(written.get("id"), str):
            raise RuleError(path, f"number {position}", "expected a mapping with an `id`.")
        yield _rule(path, {**shared, **written})


def _rule(path: Path, written: Mapping[str, object]) -> Rule:
    rule_id = str(written["id"])
    _refuse_unknown(path, rule_id, written, _OF_RULE)
    category, confidence, transient = written.get("category"), written.get("confidence", 0.9), written.get("transient")
    if category not in CATEGORIES:
        raise RuleError(path, rule_id, f"category {category!r} is none of {', '.join(CATEGORIES)}.")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 < confidence <= 1:
        raise RuleError(path, rule_id, f"confidence is a number above 0, up to 1; found {confidence!r}.")
    if transient not in (True, False, None):
        raise RuleError(path, rule_id, f"transient is true, false or null; found {transient!r}.")
    explain = written.get("explain")
    if not isinstance(explain, str) or not explain.strip():
        raise RuleError(path, rule_id, "expected `explain`, a sentence for the one on call.")
    match, requires, unless = (_patterns(path, rule_id, written, key) for key in ("match", "requires", "unless"))
    if not match:
        raise RuleError(path, rule_id, "expected `match`, a list of patterns.")
    return Rule(
        rule_id,
        cast("Category", category),
        float(confidence),
        cast("bool | None", transient),
        " ".join(explain.split()),
        match,
        requires,
        unless,
    )


def _patterns(path: Path, rule_id: str, written: Mapping[str, object], key: str) -> tuple[Pattern, ...]:
    listed = written.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(item, str) and item for item in listed):
        raise RuleError(path, rule_id, f"`{key}` is a list of patterns, each in quotes; found {listed!r}.")
    patterns = tuple(Pattern.of(part) for item in listed for part in _alternatives(item))
    if (
        path.parent != _OWN
    ):  # a test holds ours; compiling them all at every start would cost more than reading the text
        _try(path, rule_id, patterns)
    return patterns


def _try(path: Path, rule_id: str, patterns: tuple[Pattern, ...]) -> None:
    for pattern in patterns:
        try:
            _compiled(pattern.source)
        except re.error as error:
            raise RuleError(path, rule_id, f"{pattern.source!r} is no regular expression: {error}.") from error


def _refuse_unknown(path: Path, rule: str, found: Mapping[str, object], known: frozenset[str]) -> None:
    unknown = sorted(str(key) for key in found if key not in known)
    if unknown:
        raise RuleError(path, rule, f"{unknown[0]!r} is none of {', '.join(sorted(known))}.")


@lru_cache(maxsize=4096)
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE | re.MULTILINE)


# The tokens of a regular expression: an escaped sign, brackets and bars, what makes the one before optional, any other plain sign.
_OUTSIDE = re.compile(
    r"\\[dDwWsSbBAZ]|\\(.)|\[\^?\]?(?:\\.|[^\]\\])*\]|([()|])|([?*]|\{\d*,?\d*\})|[.^$+ ]|(.)", re.DOTALL
)


def _alternatives(written: str) -> Iterator[str]:
    """The parts between bars that stand outside of brackets: each alone has a literal, all together have none."""
    start = depth = 0
    for found in _OUTSIDE.finditer(written):
        depth += {"(": 1, ")": -1}.get(found[2] or "", 0)
        if found[2] == "|" and not depth:
            yield written[start : found.start()]
            start = found.end()
    yield written[start:]


def _literal(written: str) -> str:
    """The longest run of plain characters that every match holds, in lower case; empty where there is none."""
    runs, run, depth = [""], "", 0
    for escaped, bracket, optional, plain in _OUTSIDE.findall(written):
        if depth == 0 and (plain or escaped):
            run += plain or escaped
            continue
        runs.append(run[:-1] if optional else run)
        run = ""
        depth += {"(": 1, ")": -1}.get(bracket, 0)
    longest = max([*runs, run], key=len).lower()
    return longest if len(longest) >= _LEAST and longest.isascii() else ""
