"""What all pages share: how one is rendered, who is looking, the headers that keep it to itself, and what is shown when it fails."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import jinja2
import structlog
from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from openclaw.settings import Settings
from openclaw.web.reading import heartbeat
from openclaw.web.session import COOKIE, Session, session_of
from openclaw.web.templates import environment
from opstore.store import Opstore, OpstoreUnavailable

__all__ = ["PageError", "SecuredRoute", "Site"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

# The agent is called every five minutes: three calls that did not come are no accident.
_LATE_AFTER = timedelta(minutes=15)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class PageError(Exception):
    """There is no such page, or what was asked of it is refused; a person is told so in a page."""

    def __init__(self, status: HTTPStatus, said: str) -> None:
        self.status, self.said = status, said
        super().__init__(said)


class SecuredRoute(APIRoute):
    """Every answer carries the headers, and every failure is a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def secured(request: Request) -> Response:
            try:
                answer = await handler(request)
            except PageError as error:
                answer = _failure(error.status, error.said)
            except OpstoreUnavailable as error:
                log.error("the record cannot be used", path=request.url.path, error=str(error))
                said = "The record cannot be read. Nothing is known of the platform's state: this page says neither good nor bad."
                answer = _failure(HTTPStatus.SERVICE_UNAVAILABLE, said)
            answer.headers.update(_HEADERS)
            answer.headers.setdefault("Cache-Control", "no-store")
            return answer

        return secured


@dataclass(frozen=True)
class Site:
    """The pages of one record. `now` tells the time, as the record writes it."""

    store: Opstore
    settings: Settings
    now: Callable[[], str]
    templates: jinja2.Environment = field(default_factory=environment)

    def session(self, request: Request) -> Session | None:
        """Who is looking, if they signed in."""
        return session_of(self.settings.api_token, request.cookies.get(COOKIE), self.moment)

    @property
    def moment(self) -> datetime:
        """Now."""
        return datetime.fromisoformat(self.now())

    def page(self, request: Request, name: str, status: int = HTTPStatus.OK, **known: Any) -> HTMLResponse:
        """The page `<name>.html.jinja`."""
        now = self.now()
        everywhere = {
            "now": now,
            "path": request.url.path,
            "session": self.session(request),
            "may_write": self.settings.api_token is not None,
            "heartbeat": heartbeat(self.store, now, _LATE_AFTER),
            "late_after": _LATE_AFTER.total_seconds(),
        }
        return HTMLResponse(self.templates.get_template(f"{name}.html.jinja").render(everywhere | known), status)


def _failure(status: HTTPStatus, said: str) -> HTMLResponse:
    """A page that needs no record."""
    template = environment().get_template("failure.html.jinja")
    return HTMLResponse(template.render(status=status, said=said), status)
