"""Advice without a model: the first steps of the fix in the best runbook, then of how to confirm it, then of the next runbook.

Where no runbook applies, three plain actions follow from the diagnosis alone, and the advice says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from openclaw.model import Action, Advice, IncidentView, Section
from openclaw.render import clip

__all__ = ["own_steps"]

_FIX = re.compile(r"(?i)\b(?:fix|resolve|repair|remed|mitigat|recover|solution)")
_CHECK = re.compile(r"(?i)\b(?:confirm|diagnos|check|verif)")
_ITEM = re.compile(r"(?:\d{1,2}[.)]|[-*+])\s+(?=\S)")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_SENTENCE = re.compile(r".+?[.!?:](?=\s|$)|.+", re.DOTALL)
_TITLE_LETTERS, _DETAIL_LETTERS, _MOST_CITED = 200, 800, 3


def own_steps(view: IncidentView, sections: Sequence[Section]) -> Advice:
    """Three actions; `origin` is `runbook` if a runbook gave any of them, `diagnosis` if none did."""
    cited = tuple(item.evidence_id for item in view.evidence[:_MOST_CITED])
    found = list(islice(_steps(sections, cited), 3))
    first, second, third = [*found, *_plain_actions(view, cited)][:3]
    return Advice((first, second, third), "runbook" if found else "diagnosis")


def _steps(sections: Sequence[Section], cited: tuple[str, ...]) -> Iterator[Action]:
    """Steps by runbook, in the order in which the runbooks were found: what mends first, what confirms after it."""
    for runbook_id in dict.fromkeys(section.runbook_id for section in sections):
        own = [section for section in sections if section.runbook_id == runbook_id]
        for wanted in (_FIX, _CHECK):
            for section in own:
                if wanted.search(section.heading):
                    yield from (_action(step, section, cited) for step in _items(section.text))


def _items(text: str) -> Iterator[str]:
    """The items of the section's list, code blocks with the item that they follow; a section without a list is one item."""
    items: list[list[str]] = []
    in_code = False
    for line in text.splitlines():
        starts = _ITEM.match(line)
        if starts and not in_code:
            items.append([line[starts.end() :]])
        elif items:
            items[-1].append(line)
        in_code ^= bool(_FENCE.match(line))
    yield from ("\n".join(lines).strip() for lines in items) if items else filter(None, [text.strip()])


def _action(step: str, section: Section, cited: tuple[str, ...]) -> Action:
    prose, command = _apart(step)
    sentence = _SENTENCE.match(prose)
    first = " ".join(sentence[0].split()) if sentence else prose
    rest = " ".join(prose[len(sentence[0]) :].split()) if sentence else ""
    return Action(
        title=clip(first or "Follow the runbook", _TITLE_LETTERS),
        detail=clip(rest, _DETAIL_LETTERS),
        command=command,
        evidence_ids=cited,
        runbook_id=section.runbook_id,
        heading=section.heading,
        quote=first,
    )


def _apart(step: str) -> tuple[str, str | None]:
    """A step's words, and the first block of code in it."""
    prose: list[str] = []
    blocks: list[list[str]] = []
    in_code = False
    for line in step.splitlines():
        if _FENCE.match(line):
            in_code = not in_code
            if in_code:
                blocks.append([])
        elif in_code:
            blocks[-1].append(line.strip())
        else:
            prose.append(line)
    return "\n".join(prose).strip(), "\n".join(blocks[0]).strip() or None if blocks else None


def _plain_actions(view: IncidentView, cited: tuple[str, ...]) -> list[Action]:
    """What helps with any failure."""
    dependants = ", ".join([*view.exposures, *view.affected][:5])
    return [
        Action(f"Read the evidence at {view.root}", view.explanation, None, cited),
        Action(
            f"Compare {view.root} with its last good run",
            "Look for what changed in between: a deployment, a delivery of the source, a setting, a permission.",
            None,
            cited,
        ),
        Action(
            "Tell the owners of what depends on it" if dependants else "Write down what mended it, as a runbook",
            f"Affected: {dependants}." if dependants else f"No runbook covers {view.category} here yet.",
            None,
            cited,
        ),
    ]
