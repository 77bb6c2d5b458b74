"""Whether a model's advice may be shown: three actions, each resting on evidence and on words of a runbook that exist.

Nothing the model says is trusted for being said. A citation must exist, a quote must stand in the cited section, an address or a
destructive command must come from a runbook. What fails in one action fails the whole: advice half made up is not advice.
"""

from __future__ import annotations

import re

from openclaw.advisor.question import Answer, ProposedAction, Question
from openclaw.model import Action, Advice, Section
from openclaw.redact import redact
from openclaw.render import clip

__all__ = ["Rejected", "is_destructive", "quoted_in", "verified"]

_SHORTEST_QUOTE = 12
_TITLE_LETTERS, _TEXT_LETTERS, _COMMAND_LETTERS, _MOST_HYPOTHESES = 200, 800, 500, 3

_DESTRUCTIVE = re.compile(
    r"""(?ix)
      \b(?:drop|truncate)\s+(?:\w+\s+){0,3}(?:table|schema|database|view|role|user|index|column|constraint|cascade|dataset|\S+\.\S+)\b
    | \btruncate\s+\w | \bdelete\s+from\b | \bupdate\s+[\w."]+\s+set\b | \balter\s+(?:table|role|user|system|database|schema)\b
    | \bmerge\s+into\b | \bcreate\s+or\s+replace\b | \b(?:grant|revoke)\s+\w+.*\b(?:to|from)\b | \binsert\s+(?:into|overwrite)\b
    | \b(?:rm|rmdir|unlink|shred|mkfs\S*|dropdb|dropuser|shutdown|reboot|killall|pkill)\s+[-\w/.~*$] | \bkill\s+-?\w
    | \bdd\s+if= | \bfind\b.*\s-delete\b | >\s*/dev/ | \bmv\s+\S+\s+/dev/null | \bchmod\s+-?[R\d] | \bchown\s+-
    | \bpg_(?:terminate|cancel)_backend\b | \bvacuum\s+full\b
    | \b(?:gsutil|gcloud|aws|az|bq|kubectl|docker|helm)\b.*\b(?:rm|rb|delete|destroy|remove|prune|uninstall)\b
    | \bterraform\s+(?:destroy|apply)\b | \bgit\s+(?:push\s.*(?:-f\b|--force)|reset\s+--hard|clean\s) | --full-refresh\b
    | \b(?:curl|wget)\b.*\|\s*(?:sudo\s+)?\w*sh\b | \bsudo\b | \beval\b | \bbase64\s+(?:-d|--decode)
    | \bopenclaw\s+(?:incidents\s+)?(?:resolve|mute|ack)\b | \bolist\s+lake\s+withdraw\b
    | \bairflow\s+(?:dags|tasks|db)\s+(?:delete|clear|reset|clean)\b
    | \bremove-item\b | \bdel\s+/ | \bformat\s+[a-z]:
    """
)
_ADDRESS = re.compile(r"(?i)\b(?:https?|ftp|file|data|javascript):[^\s\"'<>)\]]+|\bwww\.[^\s\"'<>)\]]+")
_TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "\u00a0": " "})


class Rejected(Exception):
    """The advice may not be shown; the text says why, for people."""


def verified(answer: Answer, question: Question, origin: str) -> Advice:
    """The advice in a form that may be shown. Raises Rejected."""
    if len(answer.actions) != 3:
        raise Rejected(f"{len(answer.actions)} actions instead of three")
    first, second, third = (_action(number, proposed, question) for number, proposed in enumerate(answer.actions, 1))
    if len({_plain(action.title) for action in (first, second, third)}) < 3:
        raise Rejected("it gives the same action twice")
    hypotheses = tuple(_shown(text, _TEXT_LETTERS) for text in answer.hypotheses[:_MOST_HYPOTHESES] if text.strip())
    known = " ".join(section.text for section in question.sections.values())
    _require_grounded("a hypothesis", " ".join(hypotheses), known)
    return Advice((first, second, third), origin, "", hypotheses, asked=1)


def quoted_in(quote: str, section: Section) -> bool:
    """Whether the words stand in the section, apart from line breaks, case, emphasis and typographic quotes."""
    words = _plain(quote)
    return len(words) >= _SHORTEST_QUOTE and words in _plain(section.text)


def is_destructive(text: str) -> bool:
    """Whether following the text literally could lose data, stop something or close an incident."""
    return _DESTRUCTIVE.search(" ".join(text.split())) is not None


def _action(number: int, proposed: ProposedAction, question: Question) -> Action:
    section = question.sections.get(proposed.section_id)
    if section is None:
        raise Rejected(f"action {number} cites a runbook section that does not exist")
    if not quoted_in(proposed.quote, section):
        raise Rejected(f"action {number} quotes what the section does not say")
    unknown = [name for name in proposed.evidence_ids if name not in question.evidence]
    if unknown or (question.evidence and not proposed.evidence_ids):
        raise Rejected(f"action {number} cites evidence that does not exist")
    if not _plain(proposed.title):
        raise Rejected(f"action {number} says nothing")
    for text in (proposed.title, proposed.detail, proposed.command or ""):
        _require_grounded(f"action {number}", text, section.text)
    return Action(
        title=_shown(proposed.title, _TITLE_LETTERS),
        detail=_shown(proposed.detail, _TEXT_LETTERS),
        command=_shown(proposed.command or "", _COMMAND_LETTERS) or None,
        evidence_ids=tuple(dict.fromkeys(proposed.evidence_ids)),
        runbook_id=section.runbook_id,
        heading=section.heading,
        quote=_shown(" ".join(proposed.quote.split()), _TEXT_LETTERS),
    )


def _require_grounded(where: str, text: str, source: str) -> None:
    """Destructive words and addresses are allowed only as the runbook itself has them."""
    if is_destructive(text) and not _stands_whole_in(text, source):
        raise Rejected(f"{where} is destructive, and the runbook does not say it")
    if any(address.rstrip(".,;:") not in source for address in _ADDRESS.findall(text)):
        raise Rejected(f"{where} leads to an address that is in no runbook")


def _stands_whole_in(text: str, source: str) -> bool:
    """Word for word and to the end of the last word: a command cut short may do far more than the whole one."""
    whole = rf"(?<!\S)[\"'(]*{re.escape(_plain(text))}[\"'),.;:]*(?!\S)"
    return re.search(whole, _plain(source)) is not None


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[*_`]+", "", text.translate(_TYPOGRAPHY)).casefold().split())


def _shown(text: str, limit: int) -> str:
    return clip(redact(text.encode("utf-8", "replace").decode()).strip(), limit)
