"""What triage found, for the one on call (text), for a pull request or chat (Markdown) and for programs (JSON). Secrets are taken out.

Names, messages and file paths come from artifacts that anyone may have written: in Markdown they are shown as code, so that they cannot
format, link or mention.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from openclaw.lineage import Lineage
from openclaw.model import Diagnosis, Failure, Finding
from openclaw.redact import redact
from openclaw.triage import Triage

__all__ = ["as_json", "as_markdown", "as_text", "message_as_json", "message_as_text"]

_WIDTH = 110
_LABEL = 11
_NAMES = 6  # names shown of one kind; the rest is a count
_LINES = 6  # lines of evidence
_PLURALS = {
    "analysis": "analyses",
    "semantic_model": "semantic models",
    "unit_test": "unit tests",
    "saved_query": "saved queries",
}
# A control character in a message could move the cursor, colour the terminal or ring its bell.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


# --- JSON ---------------------------------------------------------------------------------------------------------------------


def as_json(found: Triage) -> str:
    """One object: `incidents`, `errors`, and what was read."""
    document = {
        "incidents": [_incident(finding, found) for finding in found.findings],
        "errors": [redact(error) for error in found.errors],
        "results": found.total,
        "skipped": found.skipped,
        "invocation": dict(found.invocation),
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _incident(finding: Finding, found: Triage) -> dict[str, object]:
    failures = [found.failures[i] for i in finding.failure_ids]
    return {
        "root_unique_id": finding.root,
        "event_type": finding.event_type,
        "category": finding.diagnosis.category,
        "severity": finding.severity,
        "title": redact(finding.title),
        "reasons": list(finding.reasons),
        "explanation": redact(finding.diagnosis.explanation),
        "evidence": redact(finding.diagnosis.evidence),
        "rule": finding.diagnosis.rule,
        "confidence": finding.diagnosis.confidence,
        "transient": finding.diagnosis.transient,
        "affected": list(finding.affected),
        "exposures": list(finding.exposures),
        "failures": [{"unique_id": f.resource, "status": f.status, "message": redact(f.message)} for f in failures],
        "fingerprint": finding.fingerprint,
    }


def message_as_json(diagnosis: Diagnosis) -> str:
    """The diagnosis of one text."""
    document = {
        "category": diagnosis.category,
        "confidence": diagnosis.confidence,
        "transient": diagnosis.transient,
        "explanation": redact(diagnosis.explanation),
        "evidence": redact(diagnosis.evidence),
        "rule": diagnosis.rule,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


# --- Text ---------------------------------------------------------------------------------------------------------------------


def as_text(found: Triage) -> str:
    """One block per incident, the worst first."""
    blocks = [_heading(found), *(_block(finding, found) for finding in found.findings)]
    if found.errors:
        blocks.append("\n".join(["Could not be read or understood:", *(_bullet(error) for error in found.errors)]))
    return "\n\n".join(blocks)


def message_as_text(diagnosis: Diagnosis) -> str:
    """The diagnosis of one text."""
    rows = [("category", f"{diagnosis.category} ({_certainty(diagnosis)})"), ("why", diagnosis.explanation)]
    rows += [("evidence", diagnosis.evidence), ("retry", _retry(diagnosis.transient))]
    return "\n".join(_row(label, redact(text), indent="") for label, text in rows if text)


def _heading(found: Triage) -> str:
    return f"{_called(found)}: {_summary(found)}"


def _called(found: Triage) -> str:
    known = found.invocation
    words = [
        "dbt",
        known.get("version", ""),
        known.get("command", ""),
        f"on {known['adapter']}" if "adapter" in known else "",
    ]
    at = known.get("generated_at", "")
    return " ".join(filter(None, words)) + (f", {at[:16].replace('T', ' ')} UTC" if at else "")


def _summary(found: Triage) -> str:
    if not found.findings and not found.total and found.errors:
        return "no verdict, nothing could be read"
    results = _number(found.total, "result")
    if not found.findings:
        return f"{results}, no incident" + (", but not all could be read" if found.errors else "")
    urgent = sum(finding.severity == "P1" for finding in found.findings)
    skipped = f", {found.skipped} skipped" if found.skipped else ""
    incidents, failures = _number(len(found.findings), "incident"), _number(len(found.failures), "failure")
    return f"{incidents} ({urgent} P1, {len(found.findings) - urgent} P2) from {failures} in {results}{skipped}"


def _block(finding: Finding, found: Triage) -> str:
    head = _plain(f"{finding.severity}  {redact(finding.title)}")
    return "\n".join([head, *(_row(label, text) for label, text in _rows(finding, found))])


def _rows(finding: Finding, found: Triage) -> Iterator[tuple[str, str]]:
    root = found.failures[finding.failure_ids[0]]
    yield "where", _where(root, found.lineage)
    yield (
        "why",
        redact(f"{finding.diagnosis.explanation} [{finding.diagnosis.category}, {_certainty(finding.diagnosis)}]"),
    )
    if evidence := _evidence(finding):
        yield "evidence", evidence
    if also := _also(finding, found):
        yield "also", also
    if reached := _reached(finding, found):
        yield "affects", reached
    if finding.exposures:
        yield "dashboards", _listed(finding.exposures)
    yield "severity", f"{finding.severity} because {'; '.join(finding.reasons)}"
    yield "retry", _retry(finding.diagnosis.transient)


def _where(root: Failure, lineage: Lineage) -> str:
    file = root.context.get("file") or lineage.node(root.resource).path
    name = root.resource or "a result without unique_id"
    return f"{name} ({file})" if file else name


def _evidence(finding: Finding) -> str:
    """The message of the root, cut to what can be read, with the words that decided in any case."""
    decided = redact(finding.diagnosis.evidence).strip()
    message = redact(finding.messages[0]).strip() if finding.messages else decided
    lines = [line.rstrip() for line in message.splitlines() if line.strip()]
    shown = [line if len(line) <= 2 * _WIDTH else f"{line[: 2 * _WIDTH]} …" for line in lines[:_LINES]]
    if len(lines) > _LINES:
        shown.append("…")
    text = textwrap.dedent("\n".join(shown))
    return text if decided in text or "\n" in decided else f"{text}\n… {decided}"


def _also(finding: Finding, found: Triage) -> str:
    others = [found.failures[i].resource for i in finding.failure_ids[1:]]
    return f"{_listed([found.lineage.node(n).title for n in others])} failed for the same reason" if others else ""


def _reached(finding: Finding, found: Triage) -> str:
    failing = {found.failures[i].resource for i in finding.failure_ids}
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for node_id in finding.affected:
        node = found.lineage.node(node_id)
        if node_id not in failing and node.kind != "exposure":
            kinds[node.kind or "node"].append(node.title)
    return "; ".join(f"{_number(len(names), kind)}: {_listed(names)}" for kind, names in kinds.items())


def _certainty(diagnosis: Diagnosis) -> str:
    return "not known" if diagnosis.category == "unknown" else f"{diagnosis.confidence:.0%} sure"


def _retry(transient: bool | None) -> str:
    if transient is None:
        return "cannot be told from what is here"
    return (
        "may heal it: the cause can pass by itself"
        if transient
        else "will not heal it: something has to be changed first"
    )


def _row(label: str, text: str, indent: str = "    ") -> str:
    hanging = indent + " " * _LABEL
    lines = [
        wrapped
        for line in _plain(text).splitlines()
        for wrapped in textwrap.wrap(
            line, _WIDTH - len(hanging), break_on_hyphens=False, drop_whitespace=False, tabsize=4
        )
        or [""]
    ]
    return f"{indent}{label:<{_LABEL}}" + f"\n{hanging}".join(line.rstrip() for line in lines)


def _plain(text: str) -> str:
    return _CONTROL.sub("", text)


def _bullet(text: str) -> str:
    return textwrap.fill(_plain(redact(text)), _WIDTH, initial_indent="  - ", subsequent_indent="    ")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun.replace('_', ' ') if count == 1 else _PLURALS.get(noun, f'{noun}s')}"


# --- Markdown -----------------------------------------------------------------------------------------------------------------


def as_markdown(found: Triage) -> str:
    """A section per incident, as GitHub and most chats show it."""
    parts = [f"## {_escaped(_heading(found))}"]
    for finding in found.findings:
        parts.append(f"### {finding.severity} · {_escaped(redact(finding.title))}")
        parts.append("\n".join(_items(_rows(finding, found))))
    if found.errors:
        parts.append("### Could not be read or understood")
        parts.append("\n".join(f"- {_escaped(redact(error))}" for error in found.errors))
    return "\n\n".join(parts)


def _items(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for label, text in rows:
        if label == "evidence":
            yield f"- **{label}**\n{textwrap.indent(_fenced(_plain(text)), '  ')}"
        else:
            yield f"- **{label}** {_escaped(text)}"


def _fenced(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _escaped(text: str) -> str:
    """Markdown's signs, HTML and mentions lose their meaning; `orders_id` stays readable."""
    text = re.sub(r"([\\`*\[\]<>#|~]|(?<!\w)_|_(?!\w))", r"\\\1", _plain(text))
    return text.replace("@", "@\u200b").replace("\n", " ")
