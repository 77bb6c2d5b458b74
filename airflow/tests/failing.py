"""DAGs that fail in each way there is; copied into the folder of the installation under test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import dag
from olist_tasks import command

GIVEN = {"schedule": None, "start_date": datetime(2026, 1, 1, tzinfo=UTC), "is_paused_upon_creation": False}


@dag(dag_id="fails", **GIVEN)
def fails() -> None:
    command("only", "python", "-c", "import sys; print('relation orders does not exist'); sys.exit(1)", retries=3)


@dag(dag_id="fails_twice", **GIVEN)
def fails_twice() -> None:
    wait = timedelta(seconds=1)
    command("only", "python", "-c", "import sys; print('busy'); sys.exit(75)", retries=1, retry_delay=wait)


@dag(dag_id="times_out", **GIVEN)
def times_out() -> None:
    only = command("only", "python", "-c", "import time; time.sleep(600)")
    only.execution_timeout = timedelta(seconds=3)


@dag(dag_id="is_killed", **GIVEN)
def is_killed() -> None:
    command("only", "python", "-c", "import os, time; os.kill(os.getppid(), 9); time.sleep(600)")


@dag(dag_id="beats", schedule=timedelta(seconds=5), start_date=GIVEN["start_date"], catchup=False, max_active_runs=1)
def beats() -> None:
    """Fails in no way as long as there is a scheduler."""
    EmptyOperator(task_id="only")


fails()
fails_twice()
times_out()
is_killed()
beats()
