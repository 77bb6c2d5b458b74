"""The steps in pieces, for a scheduler that runs, retries and times each on its own.

`store` (one table of a delivery) and `accept` are `ingest`; `validate`, `build`, `audit` and `publish` are `silver`. What they make
together has one name, `made_by`, which the scheduler chooses once: a sortable id like a run's. Every piece may be repeated with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from olist.bronze import ingest as bronze
from olist.contracts import Contract, load_contracts
from olist.errors import ConfigurationError
from olist.lake.open import open_lake
from olist.lake.verify import sound
from olist.lineage import edges
from olist.locks import file_lock
from olist.pipeline import account_ingested, account_silver, quarantine_accounted, record_arrivals, silver_work
from olist.report import Listener, Report
from olist.runs import Context, gate, perform
from olist.settings import Settings
from olist.silver.build import audit_silver, publish_silver, stage_silver
from olist.source.locate import delivery

__all__ = ["accept", "audit", "build", "publish", "store", "validate"]

_MADE_BY = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{4,}")


def store(
    settings: Settings,
    table: str,
    *,
    made_by: str,
    told_by: str,
    processing_date: date | None,
    listener: Listener,
) -> Report:
    """Bring one table of a delivery into the lake, where it waits for `accept`. Tables may be brought in side by side."""

    def work(context: Context, run_id: str) -> None:
        contracts = load_contracts(settings.contracts)
        contract = _contract(contracts, table)
        context.opstore.record_lineage("olist", edges(contracts))
        settings.scratch.mkdir(parents=True, exist_ok=True)
        with (
            file_lock(settings.home / f"lock-{table}", settings.lock_wait),
            delivery(
                settings.source,
                contracts,
                home=settings.home,
                told_by=context.told_by,
                announce=listener.source,
            ) as source,
        ):
            context.report.source = source.name
            stored = bronze.store(
                open_lake(settings),
                contract,
                source.folder,
                run_id=_checked(made_by),
                processing_date=context.processing_date,
                scratch=settings.scratch,
            )
        if stored.unchanged:
            listener.note(f"{table}: the same file as the latest batch")
        else:
            context.report.status = "success"
            listener.note(f"{table}: {stored.rows:,} rows of delivery {made_by} wait to be accepted")

    step = f"ingest.{table}"
    return perform(
        step,
        settings,
        listener,
        work,
        made_by=made_by,
        alone=False,
        told_by=told_by,
        processing_date=processing_date,
    )


def accept(settings: Settings, *, made_by: str, listener: Listener) -> Report:
    """Judge a delivery whose tables have all arrived, and accept it or put it in quarantine."""

    def work(context: Context, run_id: str) -> None:
        contracts = load_contracts(settings.contracts)
        listener.begin("bronze", None)
        with quarantine_accounted(context, "bronze"):
            accepted = bronze.accept(
                open_lake(settings),
                contracts,
                run_id=_checked(made_by),
                gate=gate(context, run_id),
                scratch=settings.scratch,
            )
        account_ingested(context, accepted)

    return perform("ingest.accept", settings, listener, work, made_by=made_by)


def validate(settings: Settings, *, listener: Listener) -> Report:
    """Prove that the batches which silver would be built from are as they were written."""

    def work(context: Context, run_id: str) -> None:
        lake, contracts = open_lake(settings), load_contracts(settings.contracts)
        listener.begin("bronze", len(contracts))
        for contract in contracts.values():
            for batch in lake.current(contract):
                sound(lake, batch)
            listener.advance(contract.table)
        context.report.status = "success"

    return perform("silver.validate", settings, listener, work)


def build(settings: Settings, *, made_by: str, listener: Listener) -> Report:
    """Build what changed into the stage."""

    def work(context: Context, run_id: str) -> None:
        _checked(made_by)
        listener.begin("silver", None)
        with silver_work(context) as silver:
            if stage_silver(silver):
                context.report.status = "success"
            else:
                record_arrivals(context, silver)
                listener.note("silver: up to date")

    return perform("silver.build", settings, listener, work, made_by=made_by)


def audit(settings: Settings, *, made_by: str, listener: Listener) -> Report:
    """Judge what is staged: what fails is quarantined, and silver stands as it was."""

    def work(context: Context, run_id: str) -> None:
        listener.begin("silver", None)
        with silver_work(context) as silver, quarantine_accounted(context, "silver"):
            audit_silver(silver, gate(context, run_id))
        context.report.status = "success"

    return perform("silver.audit", settings, listener, work, made_by=made_by)


def publish(settings: Settings, *, made_by: str, listener: Listener) -> Report:
    """Publish what is staged and was audited."""

    def work(context: Context, run_id: str) -> None:
        listener.begin("silver", None)
        with silver_work(context) as silver:
            result = publish_silver(silver, publish_wait=settings.publish_wait)
            record_arrivals(context, silver)
        account_silver(context, result)
        context.report.status = "success"  # also where an attempt that was killed had published it

    return perform("silver.publish", settings, listener, work, made_by=made_by)


def _contract(contracts: Mapping[str, Contract], table: str) -> Contract:
    if table not in contracts:
        raise ConfigurationError(
            "no contract describes this table",
            resource=table,
            expected="one of " + ", ".join(sorted(contracts)),
            found=table,
            remedy="correct the name, or write its contract",
        )
    return contracts[table]


def _checked(made_by: str) -> str:
    """Batches are ordered by this id, and it becomes part of the lake's keys."""
    if not _MADE_BY.fullmatch(made_by):
        raise ConfigurationError(
            "this is no id of a run",
            resource="--run-id",
            expected="a UTC time to the microsecond and a random suffix, such as 20260131T060000000000Z-1a2b",
            found=made_by,
            remedy="give every piece of one delivery or one build the same id of this form",
        )
    return made_by
