"""How fresh each table is: by the arrival of its last accepted delivery, not by the last run.

A delivery that was quarantined or withdrawn does not count. Whether the same bytes again count is the contract's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from olist.contracts import Contract
from olist.lake.batches import Lake

__all__ = ["Freshness", "freshness"]


@dataclass(frozen=True)
class Freshness:
    """One table: `arrived_at` is None before its first accepted delivery, `stale_at` without a limit in its contract. UTC."""

    table: str
    arrived_at: datetime | None
    stale_at: datetime | None
    state: str

    def as_json(self) -> dict[str, str | None]:
        """The state as `--json` prints it."""
        moments = {"arrived_at": self.arrived_at, "stale_at": self.stale_at}
        shown = {name: None if at is None else at.isoformat(timespec="seconds") for name, at in moments.items()}
        return {"table": self.table, "state": self.state, **shown}


def freshness(lake: Lake, contracts: Mapping[str, Contract], now: datetime | None = None) -> list[Freshness]:
    """Each table: `fresh`, `stale` (its `stale_at` has passed), `unlimited` (its contract sets no limit) or `missing`."""
    return [_of_table(lake, contract, now or datetime.now(UTC)) for contract in contracts.values()]


def _of_table(lake: Lake, contract: Contract, now: datetime) -> Freshness:
    promised = contract.freshness
    arrived = lake.arrived_at(contract.table, identical=promised is None or promised.identical_is_delivery)
    if arrived is None:
        return Freshness(contract.table, None, None, "missing")
    if promised is None:
        return Freshness(contract.table, arrived, None, "unlimited")
    stale_at = arrived + timedelta(hours=promised.hours)
    return Freshness(contract.table, arrived, stale_at, "stale" if now > stale_at else "fresh")
