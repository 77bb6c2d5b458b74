"""What is done once a day, by whichever pass comes first after its hour: the digest, and the deletion of what is older than it is kept.

That it was done is recorded under the lease after it was done. So nothing is left out, and a digest comes twice only when the process ended
between the channel's answer and its recording.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from openclaw.settings import Settings
from openclaw.sql import statement
from opstore.store import Opstore, utc_now

__all__ = ["Daily", "daily_work", "digest", "due_today"]

_SHOWN = 10


@dataclass(frozen=True)
class Daily:
    """A piece of work for each day, not before `hour` (UTC). `do` returns what is to be recorded of it."""

    name: str
    hour: int
    do: Callable[[], str]


class Teller(Protocol):
    """A channel that also takes texts of no incident."""

    @property
    def name(self) -> str:
        """Which one it is."""
        ...

    def say(self, text: str) -> None:
        """Say it. Raises NotDelivered."""
        ...


def daily_work(settings: Settings, store: Opstore, channel: Teller) -> tuple[Daily, ...]:
    """What the settings ask for. Nobody at a terminal waits for a digest, so only another channel gets one."""

    def tell() -> str:
        text = digest(store)
        channel.say(text)
        return text

    prune = Daily("prune", 0, lambda: f"{store.prune(settings.retention_days)} rows deleted")
    return (prune,) if channel.name == "console" else (prune, Daily("digest", settings.digest_hour, tell))


def due_today(store: Opstore, work: Sequence[Daily]) -> list[tuple[Daily, str]]:
    """What is to be done now, each with the name under which its being done is recorded."""
    now = datetime.now(UTC)
    named = [(one, f"{one.name}:{now:%Y-%m-%d}") for one in work if now.hour >= one.hour]
    done = {row["name"] for row in store.query(statement("done_today"), {"today": f"{now:%Y-%m-%d}"})}
    return [(one, name) for one, name in named if name not in done]


def digest(store: Opstore, hours: int = 24) -> str:
    """The last day in a few lines: incidents, runs, what was noisy, and how long the agent was silent."""
    since = {"since": utc_now(-timedelta(hours=hours))}
    (count,) = store.query(statement("digest"), since)
    open_ones = store.query(statement("live_incidents"), {"resolved_since": utc_now(timedelta(days=1))})
    worst = sorted(open_ones, key=lambda row: (row["severity"], row["opened_at"]))
    noisy = store.query(statement("noisiest"), {**since, "limit": 3})
    return "\n".join(
        [
            f"OpenClaw, last {hours} hours: {count['opened']} opened, {count['resolved']} resolved, {len(worst)} open.",
            f"Runs: {count['good']} good, {count['failed']} failed, {count['lost']} lost.",
            *map(_open_one, worst[:_SHOWN]),
            *([f"and {len(worst) - _SHOWN} more"] if len(worst) > _SHOWN else []),
            *(f"Noisy: {row['title']}, {row['times']:,} times" for row in noisy),
            _silence(count),
        ]
    )


def _open_one(row: dict[str, Any]) -> str:
    return f"{row['severity']} {row['state']} since {row['opened_at']}: {row['title']} ({row['incident_id']})"


def _silence(count: dict[str, Any]) -> str:
    if not count["polls"]:
        return "The agent did not look once: what is silent here is not known to be healthy."
    return f"The agent looked {count['polls']:,} times; its longest silence was {count['silence'] or 0:,.0f} s."
