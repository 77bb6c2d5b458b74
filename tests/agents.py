"""An agent at work on a record of its own: events to give it, a judge that needs no rules, a channel that counts what it was told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from openclaw.agent import Agent, Judge, Policy
from openclaw.alerts import NotDelivered
from openclaw.lineage import Lineage
from openclaw.model import Diagnosis, Failure, Finding, IncidentView
from opstore.store import Check, Event, Opstore, RunFinish, RunStart, event_id

__all__ = ["Told", "agent_on", "at", "by_lineage", "event", "ran", "write_agent_script"]


def at(minutes: float) -> str:
    """So many minutes from now, as the record writes times."""
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def event(
    resource: str, *, minutes: float = -10, run: str | None = None, check: str | None = None, **known: Any
) -> Event:
    """An event that happened so many minutes from now; `type` and `message` may be told, the rest is evidence."""
    kind = known.pop("type", "DATA_QUALITY_FAILED")
    message = known.pop("message", f"{check or 'something'} failed on {resource}")
    identity = event_id(kind, resource, check, run, str(minutes), message)
    return Event(identity, kind, resource, message, check, run, known, at(minutes))


def passed(asset: str = "silver.orders", check: str = "unique") -> Check:
    return Check(asset, check, "uniqueness", "error", "pass", 0)


def by_lineage(failures: Sequence[Failure], lineage: Lineage) -> list[Finding]:
    """One finding for each resource that failed and has no failed ancestor; everything below it is affected."""
    failed = {f.resource for f in failures}
    findings: dict[str, Finding] = {}
    for failure in sorted(failures, key=lambda f: len(lineage.ancestors(f.resource) & failed)):
        above = [r for r in findings if r.split("|")[0] in lineage.ancestors(failure.resource)]
        key = above[0] if above else f"{failure.resource}|{failure.check}"
        before = findings.get(key)
        if before is not None:
            findings[key] = replace(before, failure_ids=(*before.failure_ids, failure.failure_id))
            continue
        affected = lineage.blast_radius([failure.resource])
        findings[key] = Finding(
            fingerprint=hashlib.sha256(key.encode()).hexdigest()[:16],
            event_type=failure.event_type,
            root=failure.resource,
            title=f"{failure.check or failure.kind} of {failure.resource} failed",
            diagnosis=Diagnosis("unknown", 0.5, None, failure.message),
            severity="P2" if failure.status == "warn" else "P1",
            reasons=("it failed",),
            affected=affected,
            exposures=lineage.exposures(affected),
            failure_ids=(failure.failure_id,),
            messages=(failure.message,),
        )
    return list(findings.values())


@dataclass
class Told:
    """A channel that keeps every message as it stands, in a file where processes share it."""

    name: str = "told"
    log: Path | None = None
    messages: dict[str, list[IncidentView]] = field(default_factory=dict)
    refuses: bool = False
    refusal: type[NotDelivered] = NotDelivered

    def send(self, view: IncidentView, message_id: str | None) -> str:
        if self.refuses:
            raise self.refusal("the channel is down")
        number = message_id or str(len(self.messages) + 1)
        self.messages.setdefault(number, []).append(view)
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(f"{'edit' if message_id else 'new'} {view.incident_id} {view.state} {view.count}\n")
        return number

    @property
    def last(self) -> list[IncidentView]:
        """Each message as it stands now."""
        return [views[-1] for views in self.messages.values()]


def agent_on(
    store: Opstore,
    channel: Told,
    judge: Judge = by_lineage,
    reached: Callable[[str], None] = lambda point: None,
    **policy: Any,
) -> Agent:
    return Agent(store, judge, channel, policy=Policy(**policy), reached=reached)


def ran(
    store: Opstore, run: str, step: str, status: str | None = "success", *checks: Check, deadline: float = 3600
) -> None:
    """Record a run; a status of None leaves it without an end."""
    store.start(RunStart(run, step, None, run.rpartition(".")[0] or None, deadline, None, "{}"))
    store.record_checks(run, checks)
    if status is not None:
        store.finish(RunFinish(run, step, status, None, 1.0))  # type: ignore[arg-type]


def write_agent_script(path: Path) -> Path:
    """A program that makes one pass on a record: `script STORE LOG MODE POINT NTH SECONDS LEASE`.

    MODE `kill` ends the process at that point, `stall` stops it there for so long; `none` does neither.
    """
    if not path.exists():  # others may be reading it
        path.write_text(_SCRIPT, encoding="utf-8")
    return path


_SCRIPT = """
import os, sys, time
from pathlib import Path
from agents import Told, agent_on
from opstore.store import Opstore

store, log, mode, point, nth, seconds, lease = sys.argv[1:8]
met = 0

def reached(name):
    global met
    met += name == point
    if name == point and met == int(nth):
        Path(log + ".reached").touch()
        if mode == "kill":
            os._exit(9)
        if mode == "stall":
            time.sleep(float(seconds))

done = agent_on(Opstore(Path(store)), Told(log=Path(log)), reached=reached, lease_seconds=float(lease)).poll()
print(done.state)
"""
