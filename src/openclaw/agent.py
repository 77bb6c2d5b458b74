"""One pass of the agent: detect, correlate, grade, diagnose, place, close, advise, alert. The sequence, and nothing else.

What a pass has done is in the record and nowhere else, so that a pass that is killed anywhere is completed by the next one. Effects,
changes of incidents and the end of incidents are written together under the lease; what is to be advised and told is then read from the
record, as it stands. No transaction is open while a model or a channel is waited for.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

import structlog

from openclaw.alerts import Channel, Due, NotAccepted, NotDelivered, deliver, due_alerts
from openclaw.closing import resolutions
from openclaw.daily import Daily, due_today
from openclaw.detect import Expected, Sighting, collapse, new_events, report_lost, report_missed
from openclaw.incident import Incident, incident_of, row_of, view_of
from openclaw.judging import Judge, judged
from openclaw.lease import Lease, acquire, release, renewed
from openclaw.lifecycle import AGENT, Placement, place
from openclaw.lineage import Lineage
from openclaw.model import Advice, Finding, IncidentView
from openclaw.runs import families, fold
from openclaw.sql import statement
from opstore.store import Conflict, Fenced, Opstore, OpstoreError, Refused, utc_now

__all__ = ["Advisor", "Agent", "Ending", "Judge", "Past", "Policy", "Poll"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_LEASE = "poll"
_ATTEMPTS = 5  # at placing events while people change the same incidents
_OUTAGES = 3  # in a row, and a channel is away: each takes its time, which the next pass wants


@dataclass(frozen=True)
class Past:
    """An incident of the same fingerprint, and how it was closed."""

    incident_id: str
    resolved_at: str
    resolved_by: str
    reason: str


Advisor = Callable[[IncidentView, Sequence[Past]], Advice]


@dataclass(frozen=True)
class Policy:
    """How the agent works. `lookback_days` bounds how late a record may come; `most` is how many events are judged at once."""

    lease_seconds: float = 120.0
    lookback_days: int = 30
    reopen_days: int = 7
    most: int = 20_000
    expected: tuple[Expected, ...] = ()
    public_url: str | None = None


@dataclass(frozen=True)
class Poll:
    """What a pass did. `busy`: another was at work; `overtaken`: this one was stopped for so long that another has taken its place.

    `alerts_failed` were tried and not taken; `alerts_waiting` were not tried, after refusals or since the channel is away.
    """

    state: Literal["done", "busy", "overtaken"] = "done"
    events: int = 0
    opened: int = 0
    widened: int = 0
    reopened: int = 0
    resolved: int = 0
    advised: int = 0
    alerts_sent: int = 0
    alerts_edited: int = 0
    alerts_failed: int = 0
    alerts_waiting: int = 0
    open_incidents: int = 0
    seconds: float = 0.0


class Ending(Exception):
    """The process is to end, so the pass ends before its next step; another one completes it, at once."""


@dataclass
class Agent:
    """The agent at work on one record. `reached` is told of each point at which a crash would leave something half done.

    `may_ask` says whether the advisor can ask a model now: only then is provisional advice worth a second attempt.
    Whoever sets `ending`, from any thread, has the pass at work end before its next step.
    """

    store: Opstore
    judge: Judge
    channel: Channel
    advisor: Advisor | None = None
    may_ask: Callable[[], bool] = lambda: False
    policy: Policy = field(default_factory=Policy)
    daily: Sequence[Daily] = ()
    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    reached: Callable[[str], None] = lambda point: None
    ending: bool = False

    def poll(self) -> Poll:
        """One pass. Raises OpstoreUnavailable, and Ending."""
        started, began = time.perf_counter(), utc_now()
        self._require_time()
        lease = acquire(self.store, _LEASE, self.holder, self.policy.lease_seconds)
        if lease is None:
            return Poll("busy")
        self.reached("acquired")
        try:
            done = self._work(lease)
            done = replace(done, seconds=round(time.perf_counter() - started, 3))
            self._beat(lease, _LEASE, began, json.dumps(asdict(done)))
            release(self.store, lease)
        except Fenced as error:
            log.warning("overtaken", reason=str(error))
            return Poll("overtaken")
        except BaseException:
            with suppress(OpstoreError):  # the next pass need not wait for the lease to expire
                release(self.store, lease)
            raise
        _log_heartbeat(done)
        return done

    def _work(self, lease: Lease) -> Poll:
        self._look_for_silence()
        done = Poll()
        while True:
            lease = self._renewed(lease)
            placed, read = self._take_in(lease, self.policy.most)
            done = _counted(done, placed, read)
            if read < self.policy.most:
                break
        done = replace(done, resolved=self._close(self._renewed(lease)))
        done = replace(done, advised=self._advise(lease))
        done = self._tell(lease, done)
        self._do_daily_work(lease)
        return replace(done, open_incidents=self.store.open_incidents())

    def _renewed(self, lease: Lease) -> Lease:
        self._require_time()
        return renewed(self.store, lease)

    def _require_time(self) -> None:
        if self.ending:
            raise Ending("the process is to end")

    def _look_for_silence(self) -> None:
        report_lost(self.store, lookback_days=self.policy.lookback_days)
        report_missed(self.store, self.policy.expected)

    # --- Events to incidents ----------------------------------------------------------------------------------------------------

    def _take_in(self, lease: Lease, most: int) -> tuple[list[Placement], int]:
        """Give new events their effect, all at once. A person who changes an incident meanwhile goes first.

        What one writing has no room for is halved; the next pass takes in the rest.
        """
        for _ in range(_ATTEMPTS):
            rows = new_events(self.store, lookback_days=self.policy.lookback_days, most=most)
            if not rows:
                return [], 0
            self.reached("detected")
            placements = self._placed(collapse(rows))
            self.reached("placed")
            try:
                self.store.append(_rows_of(placements, lease), lease.fence)
            except Conflict:
                continue
            except Refused:
                if len(rows) == 1:
                    raise
                return self._take_in(lease, len(rows) // 2)
            self.reached("taken in")
            return placements, len(rows)
        raise Fenced(f"{_ATTEMPTS} attempts met changes by others")

    def _placed(self, fresh: list[Sighting]) -> list[Placement]:
        lineage = self._lineage()
        family = families(self.store, fresh)
        context, known = self._context(set(family.values()), fresh)
        family |= families(self.store, context)
        sightings = {s.failure.failure_id: _of_family(s, family) for s in (*context, *fresh)}
        findings = judged(self.judge, [s.failure for s in sightings.values()], lineage)
        findings = [_with_told(f, sightings) for f in _covering(findings, sightings)]
        folded = fold(findings, sightings, family, {*lineage.parents, *lineage.nodes})
        return place(folded, sightings, self._live(), known, utc_now())

    def _context(self, names: set[str], fresh: Sequence[Sighting]) -> tuple[list[Sighting], dict[str, str]]:
        """What failed before in the same runs, and in which incidents it is: only together they show which is the cause."""
        runs = names | {run for s in fresh for run in s.runs}
        rows = self.store.query(
            statement("context_events"), {"families": json.dumps(sorted(runs)), "most": self.policy.most}
        )
        incident = {row["event_id"]: row["incident_id"] for row in rows}
        seen = collapse(rows)
        return seen, {s.failure.failure_id: incident[s.failure.failure_id] for s in seen}

    def _lineage(self) -> Lineage:
        return Lineage.recorded(self.store.query(statement("lineage")))

    def _live(self) -> list[Incident]:
        since = utc_now(-timedelta(days=self.policy.reopen_days))
        return [incident_of(row) for row in self.store.query(statement("live_incidents"), {"resolved_since": since})]

    def _close(self, lease: Lease) -> int:
        """Resolve what is over. One by one, so that what a person closes meanwhile keeps their name and reason."""
        closed = 0
        for incident in resolutions(self.store, self._live()):
            try:
                self.store.append({"ops_incidents": [row_of(incident, lease.fencing)]}, lease.fence)
            except Conflict:
                continue
            closed += 1
        self.reached("closed")
        return closed

    # --- Incidents to people ----------------------------------------------------------------------------------------------------

    def _advise(self, lease: Lease) -> int:
        """Advice for each incident that has none, and once more for one that is provisional. Without it the alert goes out all the same."""
        advised = 0
        for incident in (i for i in self._live() if self.advisor and self._wants_advice(i)):
            lease = self._renewed(lease)
            view = view_of(incident, {}, self.policy.public_url)
            try:
                advice = self.advisor(view, self._past(incident)) if self.advisor else None
            except Exception as error:  # noqa: BLE001 - whatever fails in advising must not keep the alert back
                log.error("no advice", incident=incident.incident_id, error=type(error).__name__)
                continue
            if advice and incident.advice:
                if not advice.asked:  # nothing was tried: what there is stands, and stays provisional
                    continue
                advice = replace(advice, provisional=False)  # whatever came of it, there is no third time
            self.reached("advised")
            after = incident.after("advised", actor=AGENT, at=utc_now(), advice=advice)
            try:
                self.store.append({"ops_incidents": [row_of(after, lease.fencing)]}, lease.fence)
            except Conflict:
                continue
            advised += 1
        return advised

    def _wants_advice(self, incident: Incident) -> bool:
        if incident.is_resolved:
            return False
        return incident.advice is None or (incident.advice.provisional and self.may_ask())

    def _past(self, incident: Incident) -> list[Past]:
        wanted = {"fingerprint": incident.fingerprint, "incident_id": incident.incident_id}
        return [
            Past(row["incident_id"], row["occurred_at"], row["actor"], row["reason"] or "")
            for row in self.store.query(statement("past_incidents"), wanted)
        ]

    def _tell(self, lease: Lease, done: Poll) -> Poll:
        ready, waiting = due_alerts(self.store, self.channel.name)
        outages = 0  # in a row
        for number, due in enumerate(ready):
            if outages == _OUTAGES:
                waiting += len(ready) - number
                break
            lease = self._renewed(lease)
            try:
                deliver(self.store, lease, self.channel, due, self.policy.public_url, self.reached)
            except NotDelivered as error:
                log.error("an alert waits for the next pass", incident=due.incident.incident_id, error=str(error))
                done = replace(done, alerts_failed=done.alerts_failed + 1)
                outages = 0 if isinstance(error, NotAccepted) else outages + 1
                continue
            done, outages = _told(done, due), 0
        return replace(done, alerts_waiting=waiting)

    def _do_daily_work(self, lease: Lease) -> None:
        for work, name in due_today(self.store, self.daily):
            if self.ending:  # all is told: the pass is complete without
                return
            lease, began = renewed(self.store, lease), utc_now()
            try:
                self._beat(lease, name, began, work.do())
            except NotDelivered as error:
                log.error("daily work waits for the next pass", work=name, error=str(error))

    def _beat(self, lease: Lease, name: str, began: str, summary: str) -> None:
        row = {
            "name": name,
            "fencing": lease.fencing,
            "holder": self.holder,
            "started_at": began,
            "finished_at": utc_now(),
            "summary": summary,
        }
        self.store.append({"ops_heartbeats": [row]}, lease.fence)


def _of_family(sighting: Sighting, family: Mapping[str, str]) -> Sighting:
    """The sighting, with what ran together told to the judge; what is of no run is alone."""
    name = family.get(sighting.failure.failure_id, sighting.failure.failure_id)
    context = {**sighting.failure.context, "family": name}
    return replace(sighting, failure=replace(sighting.failure, context=context))


def _rows_of(placements: Sequence[Placement], lease: Lease) -> dict[str, list[dict[str, Any]]]:
    effects = [
        {
            "event_id": event,
            "incident_id": placement.incident_id,
            "signature": sighting.signature,
            "occurred_at": at,
            "fencing": lease.fencing,
        }
        for placement in placements
        for sighting in placement.sightings
        for event, at in sighting.events
    ]
    changes = [row_of(p.changed, lease.fencing) for p in placements if p.changed]
    return {"ops_incidents": changes, "ops_effects": effects}


def _covering(findings: Sequence[Finding], sightings: dict[str, Sighting]) -> list[Finding]:
    """The findings, each failure in one of them only: an event has one effect."""
    left = dict.fromkeys(sightings)
    covering = []
    for finding in findings:
        own = tuple(i for i in finding.failure_ids if i in left)
        for failure_id in own:
            del left[failure_id]
        if own:
            covering.append(replace(finding, failure_ids=own))
    if left:
        raise RuntimeError(f"correlation has left out {len(left)} failures, {next(iter(left))} among them")
    return covering


def _with_told(finding: Finding, sightings: dict[str, Sighting]) -> Finding:
    """The finding with what its producers have told of its reach: they may know a lineage that the record does not."""
    told = [sightings[i].failure.context for i in finding.failure_ids]
    affected = {str(name) for context in told for name in _names(context.get("affected"))}
    exposures = {str(name) for context in told for name in _names(context.get("exposures"))}
    return replace(
        finding,
        affected=tuple(sorted({*finding.affected, *affected} - {finding.root})),
        exposures=tuple(sorted({*finding.exposures, *exposures})),
    )


def _names(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _counted(done: Poll, placed: Sequence[Placement], read: int) -> Poll:
    changes = [p.changed.change for p in placed if p.changed]
    return replace(
        done,
        events=done.events + read,
        opened=done.opened + changes.count("opened"),
        widened=done.widened + changes.count("widened"),
        reopened=done.reopened + changes.count("reopened"),
    )


def _log_heartbeat(done: Poll) -> None:
    """Its words are what the deployment's alarm counts: where they stop, nobody watches."""
    log.info(
        "pass completed",
        opened=done.opened,
        resolved=done.resolved,
        alerts_sent=done.alerts_sent,
        seconds=done.seconds,
    )


def _told(done: Poll, due: Due) -> Poll:
    if due.sent_version:
        return replace(done, alerts_edited=done.alerts_edited + 1)
    return replace(done, alerts_sent=done.alerts_sent + 1)
