"""The pages that only show: incidents, one incident, runs, one run, service levels, runbooks. None of them changes anything."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markdown_it import MarkdownIt
from markupsafe import Markup

from openclaw.actions import NoSuchIncident, get_incident, silences, similar, timeline
from openclaw.alerts import is_silenced
from openclaw.model import CATEGORIES
from openclaw.render import plain
from openclaw.runbooks import Runbooks
from openclaw.web.charts import incidents_by_day, run_charts
from openclaw.web.lineage_picture import draw
from openclaw.web.reading import RUN_STATUSES, SPANS, ask, earlier, filters_of, incidents, lineage, runs
from openclaw.web.service_levels import service_levels
from openclaw.web.site import PageError, Site
from openclaw.web.timeline import timeline_of

__all__ = ["add", "incident_page"]

_DAYS = 30
_PLOTTED, _OCCURRENCES, _EVENTS, _NOISIEST = 400, 50, 200, 12
_ASSETS = {"openclaw.css": "text/css", "openclaw.js": "text/javascript", "icon.svg": "image/svg+xml"}


def add(routes: APIRouter, site: Site) -> None:
    """Add the pages to the routes."""
    for path, page in _PAGES.items():
        routes.add_api_route(path, _of(site, page), methods=["GET"], name=page.__name__)


def _of(site: Site, page: Callable[[Site, Request], Response]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return page(site, request)

    return answer


def _home(site: Site, request: Request) -> Response:
    return RedirectResponse("/incidents", HTTPStatus.SEE_OTHER)


def _incidents(site: Site, request: Request) -> Response:
    filters = filters_of(request.query_params)
    found = incidents(site.store, filters, _page_of(request), site.now())
    counted: Counter[tuple[str, str]] = Counter()
    for row in ask(site.store, "unresolved"):
        counted[row["severity"], "resolved" if row["state"] == "resolved" else "open"] += row["number"]
    held = [s for s in silences(site.store) if s.holds(site.now())]
    return site.page(
        request,
        "incidents",
        filters=filters,
        found=found,
        counted=counted,
        muted={s.pattern for s in held},
        windows=[s for s in held if s.kind == "maintenance"],
        categories=[(c, c.replace("_", " ")) for c in CATEGORIES if c != "none"],
        spans=[(name, words) for name, (words, _) in SPANS.items()],
    )


def incident_page(site: Site, request: Request, status: int = HTTPStatus.OK, refused: str = "") -> Response:
    """The incident of the address; `refused` says why what was asked of it was not done. Raises PageError where there is none."""
    incident_id = request.path_params["incident_id"]
    try:
        incident = get_incident(site.store, incident_id)
    except NoSuchIncident:
        raise PageError(
            HTTPStatus.NOT_FOUND, f"There is no incident {plain(incident_id)[:80]} in the record."
        ) from None
    history = timeline(site.store, incident_id)
    alerts = ask(site.store, "alerts", incident_id=incident_id)
    held = [s for s in silences(site.store) if s.holds(site.now())]
    return site.page(
        request,
        "incident",
        status,
        incident=incident,
        entries=timeline_of(incident, history, alerts),
        picture=draw(incident, lineage(site.store)),
        seen=ask(site.store, "occurrences", incident_id=incident_id, limit=_OCCURRENCES),
        past=similar(site.store, incident),
        held=[s for s in held if is_silenced(incident, [{"pattern": s.pattern}])],
        runbooks={r.runbook_id for r in Runbooks.load(site.settings.runbooks).runbooks},
        refused=refused,
    )


def _runs(site: Site, request: Request) -> Response:
    now, asked = site.now(), request.query_params
    since = earlier(now, _DAYS)
    steps = ask(site.store, "steps", since=since)
    step = asked.get("step") or None
    status = asked.get("status") if asked.get("status") in RUN_STATUSES else None
    plotted = step or next((s["step"] for s in steps), None)
    history = ask(site.store, "run_history", step=plotted, since=since, limit=_PLOTTED)
    return site.page(
        request,
        "runs",
        found=runs(site.store, step, status, _page_of(request)),
        steps=steps,
        step_options=[(s["step"], s["step"]) for s in steps],
        step=step,
        plotted=plotted,
        chosen=status,
        status_options=[(s, s.replace("no_op", "nothing to do")) for s in RUN_STATUSES],
        asked={name: value for name, value in (("step", step), ("status", status)) if value},
        charts=run_charts(history, since, now),
        history=history,
        days=_DAYS,
    )


def _run(site: Site, request: Request) -> Response:
    run_id = request.path_params["run_id"]
    rows = ask(site.store, "run", run_id=run_id)
    if not rows or rows[0]["run_id"] != run_id:
        raise PageError(HTTPStatus.NOT_FOUND, f"There is no run {plain(run_id)[:80]} in the record.")
    checks = site.store.checks(run_id)
    return site.page(
        request,
        "run",
        run=rows[0],
        steps=rows[1:],
        tables=_tables(rows[0]["details"]),
        failed=[c for c in checks if c["status"] in ("fail", "error")],
        passed=[c for c in checks if c["status"] not in ("fail", "error")],
        events=ask(site.store, "run_events", run_id=run_id, limit=_EVENTS),
    )


def _service_levels(site: Site, request: Request) -> Response:
    now = site.now()
    since = earlier(now, _DAYS)
    times = ask(site.store, "incident_times", since=since)
    unresolved = Counter[str]()
    for row in ask(site.store, "unresolved"):
        unresolved[row["severity"]] += row["number"] * (row["state"] != "resolved")
    return site.page(
        request,
        "service_levels",
        levels=service_levels(times),
        total=len(times),
        unresolved=unresolved,
        chart=incidents_by_day(times, since, now),
        noisiest=ask(site.store, "noisiest_checks", since=since, limit=_NOISIEST),
        days=_DAYS,
    )


def _runbooks(site: Site, request: Request) -> Response:
    known = Runbooks.load(site.settings.runbooks)
    asked = request.query_params.get("text", "").strip()[:4000]
    found = {section.runbook_id: None for section in known.search(asked, limit=5)} if asked else None
    shown = [r for r in known.runbooks if found is None or r.runbook_id in found]
    if found is not None:
        shown.sort(key=lambda r: list(found).index(r.runbook_id))
    return site.page(request, "runbooks", runbooks=shown, asked=asked, faults=known.faults)


def _runbook(site: Site, request: Request) -> Response:
    runbook_id = request.path_params["runbook_id"]
    found = next((r for r in Runbooks.load(site.settings.runbooks).runbooks if r.runbook_id == runbook_id), None)
    if found is None:
        raise PageError(HTTPStatus.NOT_FOUND, f"There is no runbook {plain(runbook_id)[:80]}.")
    # HTML in the text is shown as letters, and links to anything but the web's addresses are none.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    sections = [(section.heading, Markup(markdown.render(plain(section.text)))) for section in found.sections]  # noqa: S704
    return site.page(request, "runbook", runbook=found, sections=sections)


def _asset(site: Site, request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _ASSETS:
        raise PageError(HTTPStatus.NOT_FOUND, "There is no such file.")
    content = files("openclaw.web").joinpath("assets", name).read_bytes()
    return Response(content, media_type=_ASSETS[name], headers={"Cache-Control": "max-age=300"})


def _page_of(request: Request) -> int:
    asked = request.query_params.get("page", "1")
    return int(asked) if asked.isdecimal() and 0 < int(asked) < 100_000 else 1


def _tables(details: str | None) -> list[dict[str, Any]]:
    """What a run did, table by table, where it says so in the way of the platform's own steps."""
    try:
        rows = json.loads(details or "[]")
    except ValueError:
        return []
    names = ("layer", "table", "rows_in", "published", "superseded", "rejected", "quarantined", "seconds")
    return (
        [row for row in rows if isinstance(row, dict) and all(name in row for name in names)]
        if isinstance(rows, list)
        else []
    )


_PAGES: dict[str, Callable[[Site, Request], Response]] = {
    "/": _home,
    "/incidents": _incidents,
    "/incidents/{incident_id}": incident_page,
    "/runs": _runs,
    "/runs/{run_id:path}": _run,
    "/service-levels": _service_levels,
    "/runbooks": _runbooks,
    "/runbooks/{runbook_id}": _runbook,
    "/assets/{name}": _asset,
}
