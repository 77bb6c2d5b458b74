"""One poller at a time, by a lease that expires; and a number with it, by which a holder that was overtaken is known.

The lease is a courtesy that saves work. What makes it safe is the fencing number: whoever acquires the lease writes a greater one, and the
record refuses everything that is written under a smaller one, so that a poller that was stopped for an hour and wakes up changes nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import timedelta

from openclaw.sql import statement
from opstore.store import Conflict, Fence, Fenced, Opstore, utc_now

__all__ = ["Lease", "acquire", "release", "renewed"]


@dataclass(frozen=True)
class Lease:
    """The right to judge. `ends` is on this process's monotonic clock, which no correction of the time of day moves."""

    name: str
    fencing: int
    holder: str
    seconds: float
    ends: float

    @property
    def fence(self) -> Fence:
        """Under what to write."""
        return self.name, self.fencing

    def require(self) -> None:
        """Raise Fenced once the lease has expired: another may have taken it."""
        if time.monotonic() >= self.ends:
            raise Fenced(f"lease {self.name}, number {self.fencing}, has expired under {self.holder}")


def acquire(store: Opstore, name: str, holder: str, seconds: float) -> Lease | None:
    """The lease, with the next number; None while another holds it."""
    newest = next(iter(store.query(statement("lease"), {"name": name})), None)
    if newest is not None and newest["phase"] != "released" and newest["expires_at"] > utc_now():
        return None
    lease = Lease(name, (newest["fencing"] if newest else 0) + 1, holder, seconds, time.monotonic() + seconds)
    try:
        _append(store, lease, 0, "acquired")
    except Conflict:  # another was first
        return None
    return lease


def renewed(store: Opstore, lease: Lease) -> Lease:
    """The lease for its full time again, once half of it has passed. Raises Fenced when another has taken it."""
    if lease.ends - time.monotonic() > lease.seconds / 2:
        return lease
    later = replace(lease, ends=time.monotonic() + lease.seconds)
    _append(store, later, _sequence(store, lease), "renewed", fenced=True)
    return later


def release(store: Opstore, lease: Lease) -> None:
    """Let the next one begin at once. Raises Fenced when it has begun already."""
    _append(store, lease, _sequence(store, lease), "released", fenced=True)


def _sequence(store: Opstore, lease: Lease) -> int:
    newest = store.query(statement("lease"), {"name": lease.name})[0]
    if newest["fencing"] != lease.fencing:
        raise Fenced(f"lease {lease.name} is at number {newest['fencing']}; {lease.fencing} has been overtaken")
    return int(newest["sequence"]) + 1


def _append(store: Opstore, lease: Lease, sequence: int, phase: str, *, fenced: bool = False) -> None:
    row = {
        "name": lease.name,
        "fencing": lease.fencing,
        "sequence": sequence,
        "phase": phase,
        "holder": lease.holder,
        "expires_at": utc_now(timedelta(seconds=lease.seconds)),
    }
    store.append({"ops_leases": [row]}, lease.fence if fenced else None)
