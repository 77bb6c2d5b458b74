"""The web pages: what an on-call person looks at, and the three things that they can do there.

    app.include_router(router(store, settings))

Pages work without JavaScript and ask nothing of any other host; what is known comes from the record alone, redacted and escaped. Who signs
in with the token of the settings may acknowledge, mute and resolve; the record keeps who did it and why.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from openclaw.settings import Settings
from openclaw.web import acting, pages
from openclaw.web.site import SecuredRoute, Site
from opstore.store import Opstore, utc_now

__all__ = ["router"]

_MOST_BYTES = 64 << 10


def router(store: Opstore, settings: Settings, now: Callable[[], str] = utc_now) -> APIRouter:
    """The pages of a record, to be included in the agent's service."""
    site = Site(store, settings, now)
    routes = APIRouter(route_class=SecuredRoute, include_in_schema=False, max_body_size=_MOST_BYTES)
    pages.add(routes, site)
    acting.add(routes, site)
    return routes
