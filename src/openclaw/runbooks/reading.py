"""Reads runbooks: front matter that says what each is for, then sections, cut at their headings of the second level.

A runbook needs an id, a title, categories and a fix; the rest is good form (`HEADINGS`), which a test asks of those that come along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from openclaw.model import CATEGORIES, Section

__all__ = ["HEADINGS", "Runbook", "RunbookError", "read_folder", "read_runbook"]

HEADINGS = ("Symptom", "How to confirm", "Why it happens", "Fix", "How to verify", "Prevent")

_FRONT = re.compile(r"\A---\n(?P<front>.*?\n)---\n(?P<body>.*)\Z", re.DOTALL)
_TITLE = re.compile(r"\A\s*#\s[^\n]*\n")
_HEADING = re.compile(r"##\s+(?P<heading>.+?)\s*#*\s*")
_FENCE = re.compile(r"\s*(?:```|~~~)")


class RunbookError(Exception):
    """A runbook cannot be used; says which, what was expected and what was found."""

    def __init__(self, what: str, *, where: str, expected: str, found: str) -> None:
        self.where, self.expected, self.found = where, expected, found
        super().__init__(f"{what}\n  where     {where}\n  expected  {expected}\n  found     {found}")


@dataclass(frozen=True)
class Runbook:
    """One file. `resources` are patterns of the shell's kind (`silver.*`); the sections' text is Markdown."""

    runbook_id: str
    title: str
    categories: tuple[str, ...]
    resources: tuple[str, ...]
    owner: str
    reviewed: date | None
    sections: tuple[Section, ...]


class _Front(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: Annotated[str, Field(min_length=1)]
    categories: Annotated[tuple[str, ...], Field(min_length=1)]
    resources: tuple[str, ...] = ()
    owner: str = ""
    reviewed: date | None = None

    @field_validator("categories")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        allowed = [c for c in CATEGORIES if c != "none"]
        unknown = [c for c in value if c not in allowed]
        if unknown:
            raise ValueError(f"some of {', '.join(allowed)}, and not {unknown[0]}")
        return value


def read_folder(folder: Path) -> tuple[list[Runbook], list[RunbookError]]:
    """The runbooks of a folder by name of file, README.md left out, and what is wrong with those that cannot be read."""
    runbooks: dict[str, Runbook] = {}
    faults: list[RunbookError] = []
    for path in sorted(folder.glob("*.md")):
        if path.name == "README.md":
            continue
        try:
            runbook = read_runbook(path)
            if runbook.runbook_id in runbooks:
                raise _fault(path, "an id of its own", f"{runbook.runbook_id}, which another file has")
            runbooks[runbook.runbook_id] = runbook
        except RunbookError as error:
            faults.append(error)
    if not runbooks and not faults:
        what = "no Markdown file" if folder.is_dir() else "no such folder"
        faults.append(_fault(folder, "a folder with runbooks; OPENCLAW_RUNBOOKS names it", what))
    return list(runbooks.values()), faults


def read_runbook(path: Path) -> Runbook:
    """One runbook. Raises RunbookError."""
    try:
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _fault(path, "a file of UTF-8 text", str(error)) from error
    match = _FRONT.match(text)
    if match is None:
        raise _fault(path, "front matter between two lines of ---", repr(text[:40]))
    front = _front(path, match["front"])
    cut = [(h, t) for h, t in _cut(match["body"]) if t]
    if not any(heading.casefold().startswith("fix") for heading, _ in cut):
        raise _fault(path, "a section `## Fix`", ", ".join(heading for heading, _ in cut) or "no section")
    sections = tuple(Section(front.id, front.title, heading, body, 0.0) for heading, body in cut)
    return Runbook(front.id, front.title, front.categories, front.resources, front.owner, front.reviewed, sections)


def _front(path: Path, text: str) -> _Front:
    try:
        return _Front.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise _fault(path, "front matter in YAML", " ".join(str(error).split())) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "front matter"
        expected = first["msg"].removeprefix("Value error, ")
        raise _fault(path, f"{name}: {expected}", repr(first["input"])) from error


def _cut(body: str) -> Iterator[tuple[str, str]]:
    """Headings of the second level, each with what stands below it. What looks like one in a block of code is code."""
    heading, lines, in_code = "Summary", list[str](), False
    for line in _TITLE.sub("", body).splitlines():
        match = None if in_code else _HEADING.fullmatch(line)
        if match:
            yield heading, "\n".join(lines).strip()
            heading, lines = match["heading"], []
        else:
            lines.append(line)
        in_code ^= bool(_FENCE.match(line))
    yield heading, "\n".join(lines).strip()


def _fault(path: Path, expected: str, found: str) -> RunbookError:
    return RunbookError("a runbook cannot be used", where=str(path), expected=expected, found=found)
