"""What the agent's configuration needs, checked before anything depends on it: the record, runbooks, Discord, Gemini, its own addresses.

Nothing is changed and nobody is told anything: Discord is asked for the webhook, Gemini counts the tokens of a word and embeds it, the
service is asked for the page of a pass by a method that makes none. What is not set up is not looked for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import httpx

from openclaw import discord
from openclaw.actions import CannotDo
from openclaw.detect import load_expected
from openclaw.diagnosis.rules import load_rules
from openclaw.gemini import NoAnswer, client, failures_told, within
from openclaw.redact import redact
from openclaw.runbooks import Runbooks
from openclaw.settings import Settings
from opstore.store import OpstoreUnavailable, open_opstore

if TYPE_CHECKING:
    from google.genai import Client

__all__ = ["Finding", "examine"]

_SECONDS = 10.0
_WORD = "doctor"


@dataclass(frozen=True)
class Finding:
    """How one check came out. `remedy` is what to do where it failed."""

    part: str
    check: str
    status: Literal["ok", "failed"]
    found: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Every check of this configuration, the failed ones among them, with no secret in it; raises nothing for what it finds."""
    return [replace(found, found=redact(found.found)) for check in _CHECKS for found in check(settings)]


def _record(settings: Settings) -> Iterator[Finding]:
    check, where = "can be read", settings.opstore
    try:
        made = open_opstore(where).probe()
    except (OpstoreUnavailable, ValueError) as error:
        yield Finding("record", check, "failed", f"{where}: {error}", "correct OPENCLAW_OPSTORE or its permissions")
        return
    yield Finding("record", check, "ok", f"{where}{'' if made else ', not made yet'}")


def _knowledge(settings: Settings) -> Iterator[Finding]:
    """What is read from files: runbooks, and rules and expectations of one's own."""
    runbooks = Runbooks.load(settings.runbooks)
    found = f"{len(runbooks.runbooks)} in {settings.runbooks}, {len(runbooks.faults)} cannot be used"
    usable = runbooks.runbooks and not runbooks.faults
    remedy = "" if usable else "`openclaw runbooks check` names what is wrong; OPENCLAW_RUNBOOKS names the folder"
    yield Finding("runbooks", "can be read", "ok" if usable else "failed", found, remedy)
    if settings.rules:
        yield _read("rules", lambda: load_rules(settings.rules), "OPENCLAW_RULES")
    if path := settings.expected:
        yield _read("expected", lambda: load_expected(path), "OPENCLAW_EXPECTED")


def _read(part: str, read: Callable[[], Sized], variable: str) -> Finding:
    try:
        return Finding(part, "can be read", "ok", f"{len(read())} there")
    except (OSError, ValueError) as error:
        return Finding(part, "can be read", "failed", str(error), f"correct what is named, or {variable}")


def _discord(settings: Settings) -> Iterator[Finding]:
    if settings.discord_webhook is None:
        return
    try:
        webhook = discord.known(settings.discord_webhook.get_secret_value(), timeout=settings.discord_timeout)
    except discord.DiscordError as error:
        remedy = "make a webhook in the channel's settings and set OPENCLAW_DISCORD_WEBHOOK"
        if error.transient:
            remedy = "see whether this machine may reach the webhook's host, and whether it is up"
        yield Finding("discord", "knows the webhook", "failed", str(error), remedy)
        return
    yield Finding("discord", "knows the webhook", "ok", f"webhook {webhook}")


def _gemini(settings: Settings) -> Iterator[Finding]:
    if not settings.has_gemini:
        return
    advises, finds = settings.gemini_model, settings.gemini_embedding_model
    yield _model(settings, f"advises: {advises}", lambda g: g.models.count_tokens(model=advises, contents=_WORD))
    yield _model(settings, f"finds runbooks: {finds}", lambda g: g.models.embed_content(model=finds, contents=_WORD))
    folder = next(path for path in (settings.cache, *settings.cache.parents) if path.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            yield Finding("cache", "can be written", "ok", str(settings.cache))
    except OSError as error:
        yield Finding("cache", "can be written", "failed", str(error), "set OPENCLAW_CACHE to a folder of this user's")


def _model(settings: Settings, check: str, ask: Callable[[Client], object]) -> Finding:
    def asked() -> object:
        with client(settings) as gemini:
            return ask(gemini)

    try:
        within(_SECONDS, lambda: failures_told(asked))
    except NoAnswer as error:
        return Finding("gemini", check, "failed", str(error), _gemini_remedy(settings))
    return Finding("gemini", check, "ok", settings.gemini_base_url or "answers")


def _gemini_remedy(settings: Settings) -> str:
    if settings.gemini_api_key is not None:
        return "see whether OPENCLAW_GEMINI_API_KEY is valid for this model, and whether its host may be reached"
    project = settings.vertex_project
    return (
        f"gcloud auth application-default login, or run as a service account; grant it roles/aiplatform.user on {project}; "
        f"gcloud services enable aiplatform.googleapis.com; see whether the model is served in {settings.vertex_location}"
    )


def _addresses(settings: Settings) -> Iterator[Finding]:
    """The service that is asked for passes, and the pages that alerts link to."""
    if settings.service is not None:
        yield _service(settings.service, settings)
    if settings.public_url is not None:
        check = "the pages answer"
        try:
            status = httpx.get(settings.public_url, timeout=_SECONDS).status_code
        except httpx.HTTPError as error:
            remedy = "correct OPENCLAW_PUBLIC_URL: alerts link there"
            yield Finding("public_url", check, "failed", f"{settings.public_url}: {type(error).__name__}", remedy)
            return
        right = status < 500  # a proxy's page for a login is an answer
        remedy = "" if right else "see the log of what serves the pages"
        yield Finding("public_url", check, "ok" if right else "failed", f"{settings.public_url}: {status}", remedy)


def _service(service: str, settings: Settings) -> Finding:
    """A service that makes passes refuses GET at their address; one that only has pages knows no such address."""
    from openclaw.remote import credentials

    check, url = "makes passes", f"{service}/poll"
    try:
        status = httpx.get(url, headers=credentials(service, settings), timeout=_SECONDS).status_code
    except (CannotDo, httpx.HTTPError) as error:
        return Finding(
            "service", check, "failed", str(error), "see whether the service that OPENCLAW_SERVICE names is up"
        )
    if status == httpx.codes.METHOD_NOT_ALLOWED:
        return Finding("service", check, "ok", service)
    remedy = "grant this identity roles/run.invoker on the service, and see that it is the one that makes passes"
    return Finding("service", check, "failed", f"GET {url} answered {status}, expected 405", remedy)


_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (_record, _knowledge, _discord, _gemini, _addresses)
