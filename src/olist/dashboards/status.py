"""What dashboards show of the platform itself: how fresh each table is, which checks failed, which incidents are open.

These facts live in the lake and in the operational record, which Power BI cannot read; so they are written to the warehouse, as
`olist_meta.platform_status`, by `olist status --publish` and by `olist dashboard`. What is shown is as true as its `as_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Literal

import psycopg

from olist.contracts import load_contracts
from olist.lake.open import open_lake
from olist.quality.freshness import Freshness, freshness
from olist.quality.report import ReportedCheck, last_checks
from olist.record import open_record
from olist.settings import Settings
from olist.warehouse.connect import connect, warehouse_url
from olist.warehouse.roles import open_to_readers

__all__ = ["StatusRow", "publish_status", "refresh_status", "status_rows"]

_UNRESOLVED = "SELECT * FROM ops_incidents_current WHERE state <> 'resolved' ORDER BY opened_at, incident_id"


@dataclass(frozen=True)
class StatusRow:
    """One fact. `since` is when the table arrived, the check was made or the incident opened; times are UTC without a zone."""

    kind: Literal["freshness", "check", "incident"]
    layer: str
    resource: str
    name: str
    state: str
    severity: str
    since: datetime | None
    as_of: datetime

    @property
    def hours(self) -> float | None:
        """Hours from `since` to `as_of`."""
        return None if self.since is None else (self.as_of - self.since).total_seconds() / 3600


def status_rows(settings: Settings, now: datetime | None = None) -> list[StatusRow]:
    """The platform's state now: each table's freshness, the failed checks, the open incidents."""
    as_of = _plain(now or datetime.now(UTC))
    opstore = open_record(settings)
    return [
        *_freshness(freshness(open_lake(settings), load_contracts(settings.contracts), now), as_of),
        *_failed(last_checks(opstore), as_of),
        *_incidents(opstore.query(_UNRESOLVED), as_of),
    ]


def publish_status(connection: psycopg.Connection[Any], rows: Iterable[StatusRow]) -> int:
    """Replace the warehouse's status by `rows`, all or nothing; returns how many."""
    written = [{**asdict(row), "hours": row.hours} for row in rows]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(_statement("platform_status"))
        cursor.executemany(_statement("platform_status_row"), written)
        open_to_readers(connection, "olist_meta", ["platform_status"])
    return len(written)


def refresh_status(settings: Settings) -> int:
    """Write the platform's state now to the warehouse; returns how many rows. Raises WarehouseUnavailable or OpstoreUnavailable."""
    with connect(warehouse_url(settings), "status") as connection:
        return publish_status(connection, status_rows(settings))


def _freshness(tables: Iterable[Freshness], as_of: datetime) -> Iterator[StatusRow]:
    for table in tables:
        severity = "error" if table.state in ("stale", "missing") else "none"
        arrived = None if table.arrived_at is None else _plain(table.arrived_at)
        yield StatusRow("freshness", "bronze", table.table, table.table, table.state, severity, arrived, as_of)


def _failed(checks: Iterable[ReportedCheck], as_of: datetime) -> Iterator[StatusRow]:
    for check in checks:
        if check.status != "pass":
            made = _plain(datetime.fromisoformat(check.at))
            yield StatusRow("check", check.layer, check.asset, check.check, check.status, check.severity, made, as_of)


def _incidents(incidents: Iterable[dict[str, Any]], as_of: datetime) -> Iterator[StatusRow]:
    for incident in incidents:
        opened = _plain(datetime.fromisoformat(incident["opened_at"]))
        layer, _, rest = incident["root"].partition(".")
        yield StatusRow(
            "incident",
            layer if rest else "platform",
            incident["root"],
            incident["title"],
            incident["state"],
            incident["severity"],
            opened,
            as_of,
        )


def _plain(moment: datetime) -> datetime:
    """The moment in UTC, without a zone: what dashboards compute with."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _statement(name: str) -> bytes:
    return files("olist.dashboards").joinpath("sql", f"{name}.sql").read_bytes()
