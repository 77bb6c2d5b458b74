"""The addresses of the web dashboards: pages, the rows behind a figure, both as CSV. Nothing here writes, and no page has a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import psycopg
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from olist.dashboards.powerbi.theme import colours
from olist.dashboards.rows import load_row_files
from olist.dashboards.spec import Locale, Spec
from olist.dashboards.web.exports import csv_lines
from olist.dashboards.web.health import Notice
from olist.dashboards.web.pages import Site, csv_of, page_of, rows_csv, rows_of
from olist.dashboards.web.reading import NoGold, reading
from olist.dashboards.web.selection import BadSelection, Selection, selection_of
from olist.dashboards.web.words import load_words

__all__ = ["application"]

FOLDER = Path(str(files("olist.dashboards.web")))
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_Endpoint = Callable[[Request, Selection, psycopg.Connection[Any]], Response]


def application(url: str, spec: Spec) -> Starlette:
    """The dashboards over the warehouse at `url`."""
    site = Site(spec, load_words(spec), load_row_files(spec))
    shown = _Shown(url, site, _renderer(site))
    return Starlette(
        routes=[
            Route("/", shown.home),
            Route("/theme.css", lambda _: Response(_theme(), media_type="text/css")),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
            Route("/csv/{visual}.csv", shown.answered(shown.chart_file)),
            Route("/rows/{metric}.csv", shown.answered(shown.rows_file)),
            Route("/rows/{metric}", shown.answered(shown.rows)),
            Route("/{page}", shown.answered(shown.page)),
        ],
        middleware=[Middleware(_Guarded), Middleware(GZipMiddleware, minimum_size=500)],
    )


@dataclass(frozen=True)
class _Shown:
    """What each address shows."""

    url: str
    site: Site
    render: Callable[..., str]

    def home(self, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/{self.site.spec.pages[0].id}{query}")

    def page(self, request: Request, selection: Selection, connection: psycopg.Connection[Any]) -> Response:
        return HTMLResponse(
            self.render("page.html", **page_of(self.site, connection, request.path_params["page"], selection))
        )

    def rows(self, request: Request, selection: Selection, connection: psycopg.Connection[Any]) -> Response:
        metric, cut, offset = request.path_params["metric"], _cut(request), _offset(request)
        return HTMLResponse(self.render("rows.html", **rows_of(self.site, connection, metric, selection, cut, offset)))

    def chart_file(self, request: Request, selection: Selection, connection: psycopg.Connection[Any]) -> Response:
        visual = request.path_params["visual"]
        return _csv(f"{visual}.csv", *csv_of(self.site, connection, visual, selection))

    def rows_file(self, request: Request, selection: Selection, connection: psycopg.Connection[Any]) -> Response:
        metric = request.path_params["metric"]
        return _csv(f"{metric}_rows.csv", *rows_csv(self.site, connection, metric, selection, _cut(request)))

    def answered(self, endpoint: _Endpoint) -> Callable[[Request], Response]:
        """Reads the address, opens the reader's connection, and shows what is wrong as a page instead of a failure."""

        def handler(request: Request) -> Response:
            locale: Locale = self.site.spec.default_locale
            try:
                selection = selection_of(request.query_params, request.headers.get("accept-language", ""), locale)
                locale = selection.locale
                with reading(self.url) as connection:
                    return endpoint(request, selection, connection)
            except BadSelection as error:
                return self._apology(400, "bad_selection", locale, reason=str(error))
            except KeyError:
                return self._apology(404, "not_found", locale)
            except NoGold:
                return self._apology(200, "empty", locale)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
                return self._apology(503, "publishing", locale)
            except psycopg.OperationalError:
                return self._apology(503, "unreachable", locale)

        return handler

    def _apology(self, status: int, notice: str, locale: Locale, **values: str) -> Response:
        shown = Notice("info" if notice == "empty" else "warn", self.site.words.notice(notice, locale, **values))
        return HTMLResponse(self.render("notice.html", notice=shown, selection=Selection(locale)), status)


class _Guarded:
    """Adds the headers that keep a browser from running or loading anything that is not ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self.app(scope, receive, guarded)


def _renderer(site: Site) -> Callable[..., str]:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(spec=site.spec, word=site.words.word)

    def render(template: str, **context: Any) -> str:
        return environment.get_template(template).render(**context)

    return render


@cache
def _theme() -> str:
    """The theme's colours, which are Power BI's, as the style sheet names them."""
    named = "".join(f"--{name}:{value};" for name, value in colours().items())
    return f":root{{{named}}}"


def _csv(name: str, head: list[str], rows: list[Any]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(csv_lines(head, rows), media_type="text/csv; charset=utf-8", headers=headers)


def _cut(request: Request) -> tuple[str, str | None] | None:
    dimension = request.query_params.get("by")
    value = request.query_params.get("value")
    return (dimension, None if value == "None" else value) if dimension else None


def _offset(request: Request) -> int:
    text = request.query_params.get("offset", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadSelection("offset is a number of rows")
    return int(text)
