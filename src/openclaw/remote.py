"""A pass that the agent's service is asked for: it has the channel and the model that this process may lack, and the record is shared."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from pydantic import TypeAdapter

from openclaw.actions import CannotDo
from openclaw.agent import Poll
from openclaw.settings import Settings

__all__ = ["NoPass", "credentials", "remote_pass"]

# A pass that asks and alerts much. `olist` gives all of `openclaw poll` two minutes, of which thirty seconds may go into another's pass.
_SECONDS = 85.0
_REFUSED = "grant this identity roles/run.invoker on the service, or see whether OPENCLAW_API_TOKEN is the service's"
_REMEDIES = {401: _REFUSED, 403: _REFUSED, 404: "it serves pages only, or is another service"}


class NoPass(CannotDo):
    """The service has made no pass, as far as is known; says what was asked, what came back and what to do."""


def remote_pass(service: str, settings: Settings) -> Callable[[], Poll]:
    """What asks the service at that address for a pass, in the name of this process's Google identity. Both raise NoPass."""
    headers = credentials(service, settings)
    return lambda: _asked(f"{service}/poll", headers)


def credentials(service: str, settings: Settings) -> dict[str, str]:
    """The headers by which the service knows who asks. Raises NoPass."""
    headers = {"Authorization": f"Bearer {_identity(service)}"}
    if settings.api_token is not None:
        headers["X-OpenClaw-Token"] = settings.api_token.get_secret_value()
    return headers


def _asked(url: str, headers: dict[str, str]) -> Poll:
    try:
        answer = httpx.post(url, headers=headers, timeout=_SECONDS)
    except httpx.HTTPError as error:
        remedy = "see whether the service that OPENCLAW_SERVICE names is up"
        raise NoPass(f"POST {url} was not answered ({type(error).__name__}): {remedy}") from error
    if _is_ending(answer):  # another instance takes its place, and completes its pass
        return Poll("busy")
    if answer.status_code != httpx.codes.OK:
        remedy = _REMEDIES.get(answer.status_code, "see the service's log; its next pass does the work")
        raise NoPass(f"POST {url} answered {answer.status_code}, expected 200: {remedy}")
    try:
        return TypeAdapter(Poll).validate_python({"state": None} | answer.json())  # which another's JSON has not
    except (TypeError, ValueError) as error:
        raise NoPass(f"POST {url} answered with what is no pass: see whether OPENCLAW_SERVICE is the agent") from error


def _is_ending(answer: httpx.Response) -> bool:
    try:
        return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and answer.json()["status"] == "ending"
    except (KeyError, TypeError, ValueError):
        return False


def _identity(service: str) -> str:
    """A Google ID token for the service, of whoever this process is."""
    from google.auth.exceptions import GoogleAuthError  # slow to import, and needed nowhere else
    from google.auth.transport.requests import Request
    from google.oauth2.id_token import fetch_id_token

    try:
        return str(fetch_id_token(Request(), service))  # type: ignore[no-untyped-call]
    except (GoogleAuthError, ValueError) as error:
        remedy = "run it as a service account, or name the key of one in GOOGLE_APPLICATION_CREDENTIALS"
        raise NoPass(f"there is no Google ID token to ask {service} with ({error}): {remedy}") from error
