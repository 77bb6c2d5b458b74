"""What people do on the pages: sign in and out, acknowledge, mute, resolve. Nothing is done without a session and a form of our own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl, quote

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from openclaw import actions
from openclaw.access import may_write
from openclaw.web.pages import incident_page
from openclaw.web.session import COOKIE, LIFETIME, Session, is_own_form, session_cookie
from openclaw.web.site import PageError, Site

__all__ = ["add"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_LONGEST_MUTE = timedelta(days=30)
_Form = Mapping[str, str]


async def _form(request: Request) -> _Form:
    """The fields of a form. A body that is none has none."""
    body = (await request.body()).decode("utf-8", "replace")
    return dict(parse_qsl(body, keep_blank_values=True))


Form = Annotated[_Form, Depends(_form)]


def add(routes: APIRouter, site: Site) -> None:
    """Add what people can do to the routes."""

    @routes.get("/sign-in")
    def sign_in_page(request: Request) -> Response:
        next_page = _local(request.query_params.get("next"))
        if site.session(request):  # a link from elsewhere brings no cookie; the second click does
            return RedirectResponse(next_page, HTTPStatus.SEE_OTHER)
        return site.page(request, "sign_in", next=next_page, refused="")

    @routes.post("/sign-in")
    def sign_in(request: Request, form: Form) -> Response:
        return _sign_in(site, request, form)

    @routes.post("/sign-out")
    def sign_out(request: Request, form: Form) -> Response:
        _require_session(site, request, form)
        answer = RedirectResponse("/incidents", HTTPStatus.SEE_OTHER)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    @routes.post("/incidents/{incident_id}/{change}")
    def change(request: Request, form: Form) -> Response:
        return _changed(site, request, form)


def _sign_in(site: Site, request: Request, form: _Form) -> Response:
    name, token, next_page = form.get("name", "").strip(), site.settings.api_token, _local(form.get("next"))
    if token is None or not may_write(site.settings, form.get("token")):
        log.warning("somebody could not sign in", host=request.client.host if request.client else None)
        refused = "This is not the token."
        return site.page(request, "sign_in", HTTPStatus.UNAUTHORIZED, next=next_page, refused=refused)
    if not name:
        refused = "Say who you are: the history keeps the name."
        return site.page(request, "sign_in", HTTPStatus.UNPROCESSABLE_ENTITY, next=next_page, refused=refused)
    answer = RedirectResponse(next_page, HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        COOKIE,
        session_cookie(token, name, site.moment),
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=_is_encrypted(site, request),
    )
    return answer


def _changed(site: Site, request: Request, form: _Form) -> Response:
    """Change the incident in the name of who is signed in, and show it as it stands then."""
    session = _require_session(site, request, form)
    change = _CHANGES.get(request.path_params["change"])
    if change is None:
        raise PageError(HTTPStatus.NOT_FOUND, "There is no such change.")
    incident_id = request.path_params["incident_id"]
    try:
        change(site, incident_id, session.name, form)
    except actions.CannotDo as refused:
        return incident_page(site, request, HTTPStatus.CONFLICT, str(refused))
    return RedirectResponse(f"/incidents/{quote(incident_id)}", HTTPStatus.SEE_OTHER)


def _acknowledge(site: Site, incident_id: str, actor: str, form: _Form) -> None:
    actions.acknowledge(site.store, incident_id, actor=actor, reason=form.get("reason"))


def _mute(site: Site, incident_id: str, actor: str, form: _Form) -> None:
    until = site.moment + _hours(form.get("hours", ""))
    actions.mute(site.store, incident_id, until=until, actor=actor, reason=form.get("reason", ""))


def _unmute(site: Site, incident_id: str, actor: str, form: _Form) -> None:
    reason = form.get("reason") or f"ended on the page of {incident_id}"
    actions.end_silence(site.store, form.get("silence", ""), actor=actor, reason=reason)


def _resolve(site: Site, incident_id: str, actor: str, form: _Form) -> None:
    actions.resolve(site.store, incident_id, actor=actor, reason=form.get("reason", ""))


_CHANGES = {"acknowledge": _acknowledge, "mute": _mute, "unmute": _unmute, "resolve": _resolve}


def _require_session(site: Site, request: Request, form: _Form) -> Session:
    session = site.session(request)
    if session is None:
        raise PageError(HTTPStatus.UNAUTHORIZED, "Nothing was changed: sign in first.")
    if not is_own_form(session, form.get("form_key", "")):
        raise PageError(
            HTTPStatus.FORBIDDEN, "Nothing was changed: the form is not one of this session. Load the page again."
        )
    return session


def _hours(asked: str) -> timedelta:
    """How long to mute; nothing that is no number of hours."""
    if not asked.isdecimal() or not 0 < int(asked[:6]) * 3600 <= _LONGEST_MUTE.total_seconds():
        raise actions.CannotDo(f"mutes expire: give 1 to {_LONGEST_MUTE // timedelta(hours=1)} hours")
    return timedelta(hours=int(asked))


def _local(asked: str | None) -> str:
    """Where to go after signing in: a page of ours, whatever the address says."""
    return asked if asked and asked.startswith("/incidents/") and "\\" not in asked else "/incidents"


def _is_encrypted(site: Site, request: Request) -> bool:
    """Whether browsers see https, also behind a proxy that ends it."""
    return request.url.scheme == "https" or (site.settings.public_url or "").startswith("https://")
