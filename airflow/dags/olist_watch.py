"""The watch: over dbt, which runs elsewhere, over what the data looks like from day to day, and over what is kept for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import olist_settings as settings
from airflow.sdk import dag
from olist_tasks import command

DEFAULTS = {
    "owner": "data-platform",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": 2,
}
ONE_AT_A_TIME = {"max_active_runs": 1, "catchup": False, "start_date": datetime(2026, 1, 1, tzinfo=UTC)}


@dag(
    dag_id="olist_monitor_dbt",
    schedule=settings.DBT_EVERY,
    dagrun_timeout=timedelta(minutes=30),
    default_args=DEFAULTS,
    tags=["olist", "watch"],
    doc_md="""
    Every five minutes: fetch what dbt has left in the lake since the last time, put it on record (failed runs and
    tests, stale sources, slow models), and have the agent look at what is new. It is also the scheduler's
    heartbeat: the agent expects it to begin.
    """,
    **ONE_AT_A_TIME,
)
def olist_monitor_dbt() -> None:
    fetched = command(
        "fetch",
        "olist",
        "gold",
        "artifacts",
        "--new",
        settings.EXCHANGE,
        "--no-op-code",
        str(settings.NOTHING_TO_DO),
        minutes=5,
    )
    recorded = command("record", "openclaw", "record", settings.EXCHANGE, minutes=5)
    # Also when nothing was new, or could not be fetched: other failures wait to be told.
    polled = command("poll", "openclaw", "poll", "--wait", "60s", minutes=5, trigger_rule="all_done")
    fetched >> recorded >> polled


@dag(
    dag_id="olist_monitor_drift",
    schedule="30 7 * * *",
    dagrun_timeout=timedelta(hours=1),
    default_args=DEFAULTS,
    tags=["olist", "watch"],
    doc_md="""
    Daily: the volumes and distributions of silver against their own history, by weekday. What is far from it is VOLUME_ANOMALY or
    DATA_DRIFT, with the numbers. In the first weeks it learns and says nothing.
    """,
    **ONE_AT_A_TIME,
)
def olist_monitor_drift() -> None:
    command("measure", "olist", "monitor", "drift", pool="olist_platform")


@dag(
    dag_id="olist_housekeeping",
    schedule="15 3 * * 0",
    dagrun_timeout=timedelta(hours=2),
    default_args=DEFAULTS,
    tags=["olist", "housekeeping"],
    doc_md="""
    Weekly: what the record, the validation results and the logs keep no longer.
    The lake is immutable and never pruned from here: in a bucket
    a lifecycle rule does it.
    """,
    **ONE_AT_A_TIME,
)
def olist_housekeeping() -> None:
    command("record", "openclaw", "prune")
    command("files", "olist", "housekeeping")


olist_monitor_dbt()
olist_monitor_drift()
olist_housekeeping()
