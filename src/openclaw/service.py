"""The agent over HTTP: a scheduler calls for passes, producers push events, people look at the pages.

All work happens inside a request, so that it is safe on a service that is stopped whenever nobody asks. Machines need the token, in
`Authorization: Bearer` or, where a proxy uses that header for itself, in `X-OpenClaw-Token`; or none, where Cloud Run has checked them.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import structlog
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from openclaw.access import may_write
from openclaw.agent import Agent, Ending, Poll
from openclaw.metrics import metrics
from openclaw.settings import Settings
from openclaw.sql import statement
from openclaw.web import router
from opstore.logs import bind_trace
from opstore.store import Event, OpstoreUnavailable, event_id, utc_now

__all__ = ["build_app"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_MOST_EVENTS = 10_000
_MOST_BYTES = 32 << 20
_AHEAD = timedelta(minutes=5)  # how far the clock of a producer may be before this one's
_PATIENCE, _AGAIN = 20.0, 0.05  # seconds, for a pass that another one holds up


class PushedEvent(BaseModel):
    """An event as a producer pushes it; `opstore.Event` says what the fields mean.

    An `event_id`, or else `occurred_at`, lets a producer push again what it is not sure to have pushed.
    """

    model_config = ConfigDict(extra="forbid")

    type: str = Field(min_length=1, max_length=100)
    resource: str = Field(min_length=1, max_length=1000)
    message: str = Field(max_length=100_000)
    event_id: str | None = Field(None, min_length=1, max_length=200)
    check_name: str | None = Field(None, max_length=1000)
    run_id: str | None = Field(None, max_length=200)
    evidence: dict[str, Any] = Field(default_factory=dict)
    occurred_at: str | None = Field(None, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    @field_validator("occurred_at")
    @classmethod
    def _has_happened(cls, value: str | None) -> str | None:
        """An incident is over when something passes later than it was seen: of one in the future nothing would."""
        if value is not None and datetime.fromisoformat(value) > datetime.now(UTC) + _AHEAD:
            raise ValueError(f"it is now {utc_now()}: what is pushed has happened; look at the producer's clock")
        return value

    def as_event(self) -> Event:
        """The event to record."""
        at = self.occurred_at or utc_now()
        own = event_id("pushed", self.type, self.resource, self.check_name, self.run_id, at, self.message)
        return Event(
            self.event_id or own,
            self.type,
            self.resource,
            self.message,
            self.check_name,
            self.run_id,
            self.evidence,
            at,
        )


def build_app(agent: Agent, settings: Settings) -> FastAPI:
    """The service of an agent."""
    app = FastAPI(title="OpenClaw", docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(_traced)])
    if settings.serves == "all":
        _add_work(app, agent, settings)

    @app.get("/healthz")
    @app.get("/health")  # Cloud Run keeps paths that end in z for itself
    def health() -> dict[str, Any]:
        """Whether the record can be read, and when the agent last looked."""
        (state,) = agent.store.query(statement("waiting"), {"since": utc_now()})
        return {"status": "ok", "last_poll": state["last_poll"]}

    @app.get("/metrics")
    def numbers() -> PlainTextResponse:
        """Prometheus' text format."""
        return PlainTextResponse(metrics(agent.store), media_type="text/plain; version=0.0.4")

    app.include_router(router(agent.store, settings))

    @app.exception_handler(OpstoreUnavailable)
    def unavailable(request: Request, error: OpstoreUnavailable) -> JSONResponse:
        log.error("the record cannot be used", path=request.url.path, error=str(error))
        return JSONResponse({"status": "unavailable", "detail": "the record cannot be used"}, 503)

    @app.exception_handler(Ending)
    def ending(request: Request, error: Ending) -> JSONResponse:
        log.warning("a pass was left to the next one", path=request.url.path, reason=str(error))
        left = "the service ends; what was pushed is recorded, and the next pass completes this one"
        return JSONResponse({"status": "ending", "detail": left}, 503)

    return app


def _add_work(app: FastAPI, agent: Agent, settings: Settings) -> None:
    """What machines call for. Whoever may do so was let in by the service's own check, or has the token."""

    def writer(
        authorization: Annotated[str | None, Header()] = None,
        x_openclaw_token: Annotated[str | None, Header()] = None,
    ) -> None:
        if settings.callers_checked:
            return
        bearer = (authorization or "").removeprefix("Bearer ")
        if not (may_write(settings, x_openclaw_token) or may_write(settings, bearer)):
            told = (
                "OPENCLAW_API_TOKEN is not set, so nobody may write"
                if settings.api_token is None
                else "a token is needed"
            )
            raise HTTPException(403, told)

    @app.post("/poll", dependencies=[Depends(writer)])
    def poll() -> dict[str, Any]:
        """One pass; `busy` when another is at work."""
        return asdict(agent.poll())

    @app.post("/events", dependencies=[Depends(writer), Depends(_of_a_size)], status_code=202)
    def events(pushed: PushedEvent | list[PushedEvent]) -> dict[str, Any]:
        """Record one event or several, and work on them at once."""
        several = pushed if isinstance(pushed, list) else [pushed]
        if len(several) > _MOST_EVENTS:
            raise HTTPException(413, f"at most {_MOST_EVENTS} events at once")
        recorded = [one.as_event() for one in several]
        agent.store.record_events(recorded)
        return {"event_ids": [event.event_id for event in recorded], "poll": asdict(_after_others(agent))}


async def _traced(
    x_cloud_trace_context: Annotated[str | None, Header()] = None, traceparent: Annotated[str | None, Header()] = None
) -> None:
    """Whatever a request logs names its trace. Not in a thread, whose context would end with it."""
    bind_trace(x_cloud_trace_context or traceparent)


def _after_others(agent: Agent) -> Poll:
    """A pass that has seen what was just recorded: one of another that began before may not have. Raises Ending."""
    until = time.monotonic() + _PATIENCE
    while (done := agent.poll()).state != "done" and time.monotonic() < until:
        time.sleep(_AGAIN)
    return done


def _of_a_size(request: Request) -> None:
    declared = request.headers.get("content-length", "")
    if not declared.isdecimal():
        raise HTTPException(411, "the length of what is pushed must be declared")
    if int(declared) > _MOST_BYTES:
        raise HTTPException(413, f"at most {_MOST_BYTES} bytes at once")
