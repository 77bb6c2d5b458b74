"""One Discord message per incident, edited as the incident changes.

`render` makes the message of an incident as it stands; `send` posts it, or edits the one that is there. Every part of the message has a
place of fixed size, and the places together are within Discord's limits, so that no text, however long, makes it refuse the message.

The webhook's address is a secret: no error, no log line and no `repr` here holds it.

    DiscordError
    ├── DiscordRefused        the webhook is gone or the message is wrong: mend it (the alert is printed and kept meanwhile)
    └── DiscordUnavailable    try again later (transient)
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

from openclaw.model import Action, Advice, Evidence, IncidentState, IncidentView, Severity
from openclaw.redact import redact
from openclaw.render import clip, code_block, length, link, markdown

__all__ = ["DiscordError", "DiscordRefused", "DiscordUnavailable", "Sent", "known", "render", "send"]

# They log the address of every request, and the address is the secret.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# Sizes of the places, in letters. Discord allows 6000 in one message's embeds; a test adds these up.
_TITLE, _DESCRIPTION, _FOOTER = 190, 900, 200
_NAME, _STATUS, _EXPOSURES, _AFFECTED, _EVIDENCE, _HYPOTHESES, _LINKS = 90, 300, 400, 400, 800, 350, 500
_DETAIL, _COMMAND, _SOURCE = 150, 130, 160

_RED, _AMBER, _BLUE, _GREEN = 0xD92D20, 0xF79009, 0x2E90FA, 0x12B76A
_OPEN_COLOUR: dict[Severity, int] = {"P1": _RED, "P2": _AMBER}
_STATE_COLOUR: dict[IncidentState, int] = {"acknowledged": _BLUE, "resolved": _GREEN}


class DiscordError(Exception):
    """The message was not accepted. `retry_after` is when Discord asked to come back, in seconds."""

    transient = False

    def __init__(self, what: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(what)


class DiscordRefused(DiscordError):
    """Discord will not take this message from this webhook."""


class DiscordUnavailable(DiscordError):
    """Discord did not answer in time, limits our rate, or fails."""

    transient = True


@dataclass(frozen=True)
class Sent:
    """Where the message is. `replaced`: the one to be edited was gone, so that this is a new one."""

    message_id: str
    replaced: bool = False


def render(view: IncidentView) -> dict[str, Any]:
    """The message of an incident, as the body of a webhook request."""
    embed: dict[str, Any] = {
        "title": f"{view.severity} {view.state}: {markdown(view.title, _TITLE - 20) or view.incident_id[:100]}",
        "description": _description(view),
        "color": _STATE_COLOUR.get(view.state, _OPEN_COLOUR[view.severity]),
        "fields": [{"name": name, "value": value} for name, value in _fields(view) if value],
        "footer": {"text": clip(f"{_origin(view.advice)}Incident {view.incident_id[:60]}", _FOOTER)},
    }
    if (opened := _moment(view.opened_at)) is not None:
        embed["timestamp"] = opened.isoformat()
    if link("incident", view.incident_url, _LINKS):
        embed["url"] = view.incident_url
    return {"content": "", "embeds": [embed], "allowed_mentions": {"parse": []}}


def send(webhook: str, payload: dict[str, Any], message_id: str | None = None, *, timeout: float = 10.0) -> Sent:
    """Post the message, or edit the one of this id; a deleted one is posted anew.

    Tries again within `timeout` seconds where Discord limits the rate (as long as it asks) or fails. A post that timed out may have
    arrived, so it is not tried again here: DiscordUnavailable leaves that to the next pass. Raises DiscordError.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(_Again), stop=stop_before_delay(timeout), wait=_as_long_as_asked, reraise=True
    )
    with _client(timeout) as client:
        if message_id is not None:
            edited = attempts(_request, client, "PATCH", _message_url(webhook, message_id), payload)
            if edited is not None:
                return Sent(edited)
        posted = attempts(_request, client, "POST", httpx.URL(webhook).copy_merge_params({"wait": "true"}), payload)
    return Sent(_of_a_webhook(posted), replaced=message_id is not None)


def known(webhook: str, *, timeout: float = 10.0) -> str:
    """The webhook's id, from Discord; nothing is posted. Raises DiscordError."""
    with _client(timeout) as client:
        return _of_a_webhook(_request(client, "GET", httpx.URL(webhook)))


@contextmanager
def _client(timeout: float) -> Iterator[httpx.Client]:
    try:
        with httpx.Client(timeout=timeout) as client:
            yield client
    except httpx.InvalidURL:
        raise DiscordRefused("the webhook's address is none; correct OPENCLAW_DISCORD_WEBHOOK") from None


def _of_a_webhook(identity: str | None) -> str:
    if identity is None:
        raise DiscordRefused("Discord knows no such webhook (404); make a new one and set OPENCLAW_DISCORD_WEBHOOK")
    return identity


class _Again(DiscordUnavailable):
    """Worth another attempt now."""


def _as_long_as_asked(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, _Again) else None
    return asked if asked is not None else wait_exponential_jitter(initial=0.2, max=5, jitter=0.2)(state)


def _message_url(webhook: str, message_id: str) -> httpx.URL:
    url = httpx.URL(webhook)
    if not (message_id.isascii() and message_id.isdecimal()):
        raise DiscordRefused("a recorded message id is not a number, and was not sent to Discord")
    return url.copy_with(path=f"{url.path.rstrip('/')}/messages/{message_id}")


def _request(client: httpx.Client, method: str, url: httpx.URL, payload: dict[str, Any] | None = None) -> str | None:
    """The id of what is asked for; None where it, or the webhook, does not exist."""
    try:
        answer = client.request(method, url, json=payload)
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise _Again("Discord cannot be reached") from None
    except httpx.TransportError as error:
        again = DiscordUnavailable if method == "POST" else _Again
        raise again(f"Discord did not answer ({type(error).__name__})") from None
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise _Again("Discord limits the rate of messages (429)", _retry_after(answer))
    if answer.is_server_error:
        raise _Again(f"Discord fails ({answer.status_code})")
    return _id(answer)


def _id(answer: httpx.Response) -> str:
    try:
        document = answer.json()
    except ValueError:
        document = {}
    if answer.is_success and isinstance(document, dict) and str(document.get("id", "")).isdecimal():
        return str(document["id"])
    said = clip(redact(str(document.get("message", "nothing else")) if isinstance(document, dict) else "nothing"), 200)
    raise DiscordRefused(f"Discord refused the message ({answer.status_code}: {said})")


def _retry_after(answer: httpx.Response) -> float:
    """Seconds, from the body or the header; one second where neither says."""
    try:
        return max(0.0, float(answer.json()["retry_after"]))
    except (ValueError, KeyError, TypeError):
        pass
    try:
        return max(0.0, float(answer.headers.get("Retry-After", "1")))
    except ValueError:
        return 1.0


def _description(view: IncidentView) -> str:
    why = markdown(view.explanation, _DESCRIPTION - 400)
    cause = f"**{view.category}** at {markdown(view.root, 150)} (confidence {view.confidence:.0%})"
    impact = markdown("; ".join(view.reasons), 150)
    return "\n".join(line for line in (cause, why, impact and f"{view.severity} because: {impact}") if line)


def _fields(view: IncidentView) -> Iterable[tuple[str, str]]:
    yield "State", _status(view)
    yield "Dashboards affected", _names(view.exposures, _EXPOSURES)
    yield "Downstream affected", _names(view.affected, _AFFECTED)
    yield "Evidence (as recorded)", _evidence(view.evidence)
    if view.advice is not None:
        for number, action in enumerate(view.advice.actions, 1):
            yield f"Action {number}: {markdown(action.title, _NAME - 15) or 'see below'}", _action(action)
        yield "Hypotheses (not verified)", markdown("\n".join(view.advice.hypotheses), _HYPOTHESES)
    yield "Links", _links(view)


def _status(view: IncidentView) -> str:
    times = "once" if view.count == 1 else f"in {view.count:,} events"
    seen = f"Seen {times} since {_time(view.first_seen)}, last {_time(view.last_seen)}."
    lines = [seen]
    if view.acknowledged_by:
        lines.append(f"Acknowledged by {markdown(view.acknowledged_by, 50)} {_time(view.acknowledged_at)}")
    if view.state == "resolved":
        who, reason = markdown(view.resolved_by or "nobody named", 50), markdown(view.resolved_reason or "", 60)
        lines.append(f"Resolved by {who} {_time(view.resolved_at)}" + (f": {reason}" if reason else ""))
    if view.state == "reopened":
        lines.append("Reopened: it failed again after it had been resolved.")
    return clip("\n".join(lines), _STATUS)


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _time(text: str | None) -> str:
    """A time that Discord shows in each reader's own zone."""
    moment = _moment(text)
    return f"<t:{moment.timestamp():.0f}:f>" if moment else markdown(text or "", 30)


def _names(names: tuple[str, ...], limit: int) -> str:
    """As many names as fit, and how many more there are."""
    lines = [line for line in (markdown(name, 120) for name in names) if line.strip()]
    shown: list[str] = []
    for line in lines:
        if length("\n".join([*shown, line])) > limit - 20:
            break
        shown.append(line)
    more = len(lines) - len(shown)
    return "\n".join([*shown, *([f"and {more:,} more"] if more else [])])


def _evidence(evidence: tuple[Evidence, ...]) -> str:
    if not evidence:
        return ""
    each = max(_EVIDENCE // min(len(evidence), 4) - 20, 100)
    text = "\n".join(
        clip(f"{item.evidence_id} {item.source}: {redact(item.text).strip()}", each) for item in evidence[:4]
    )
    return code_block(text + (f"\nand {len(evidence) - 4} more" if len(evidence) > 4 else ""), _EVIDENCE)


def _action(action: Action) -> str:
    rests = (
        f"Runbook {action.runbook_id}, {action.heading}: “{action.quote}”"
        if action.runbook_id
        else "No runbook applies."
    )
    cited = f" Evidence: {', '.join(action.evidence_ids)}" if action.evidence_ids else ""
    parts = (
        markdown(action.detail, _DETAIL),
        code_block(action.command or "", _COMMAND),
        markdown(rests + cited, _SOURCE),
    )
    return "\n".join(part for part in parts if part)


def _links(view: IncidentView) -> str:
    logs = [item.link for item in view.evidence if item.link]
    wanted = (
        ("Incident", view.incident_url),
        ("Log", view.log_url or (logs[0] if logs else None)),
        ("Runbook", view.runbook_url),
    )
    each = (_LINKS - 6) // len(wanted)
    return " · ".join(shown for label, url in wanted if (shown := link(label, url, each)))


def _origin(advice: Advice | None) -> str:
    if advice is None:
        return ""
    why = f" ({clip(redact(advice.why), 80)})" if advice.why else ""
    return f"Actions from {clip(advice.origin, 40)}{why}; suggested, never run. "
