"""Where tasks run and how they are named in the platform's record: the few settings, from PLATFORM_* variables.

Nothing of the platform is imported: Airflow has an environment of its own and calls the platform's commands.
"""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

# `here`: a process of the platform's environment on this machine. `cloud_run`: an execution of the platform's Cloud Run job.
MODE = os.environ.get("PLATFORM_MODE", "here")
BIN = Path(os.environ.get("PLATFORM_BIN", PROJECT / ".venv" / "bin"))
CONTRACTS = Path(os.environ.get("OLIST_CONTRACTS", PROJECT / "contracts"))
# A folder that all tasks see; on Cloud Run a mounted bucket.
EXCHANGE = os.environ.get("PLATFORM_EXCHANGE", str(Path(os.environ.get("OLIST_HOME", PROJECT / ".olist"), "exchange")))
DBT_EVERY = os.environ.get("PLATFORM_MONITOR_SCHEDULE", "*/5 * * * *")

# What the platform's commands exit with.
NOTHING_TO_DO, TRY_AGAIN = 99, 75


def tables() -> list[str]:
    """The tables, by their contracts' file names."""
    return sorted(path.name.removesuffix(".odcs.yaml") for path in CONTRACTS.glob("*.odcs.yaml"))


def dag_run_in_record(dag_id: str, run_id: str) -> str:
    """A DAG run's id in the platform's record."""
    return f"airflow/{dag_id}/{run_id}"


def try_in_record(dag_id: str, run_id: str, task_id: str, map_index: int, try_number: int) -> str:
    """The id of one try of a task in the platform's record."""
    mapped = f"[{map_index}]" if map_index >= 0 else ""
    return f"{dag_run_in_record(dag_id, run_id)}/{task_id}{mapped}/{try_number}"
