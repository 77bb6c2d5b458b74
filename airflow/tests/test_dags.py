"""Every DAG file is read in under two seconds without a network, says whose it is and what it does, and runs from end to end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import BIN, PROJECT

pytestmark = pytest.mark.timeout(900)
DAGS = {
    "olist_ingest",
    "olist_silver",
    "olist_export",
    "olist_monitor_dbt",
    "olist_monitor_drift",
    "olist_housekeeping",
}
POOLS = PROJECT / "airflow" / "pools.json"
SCRIPT = Path(__file__).with_name("in_airflow.py")


@pytest.fixture(scope="module")
def environment(folder: Path) -> Iterator[dict[str, str]]:
    """Airflow on SQLite, and a platform with few rows, without any of Airflow's processes."""
    home = folder / "alone"
    home.mkdir()
    generate = ["source", "generate", "--scale", "0.02", "--out"]
    subprocess.run([BIN / "olist", *generate, home / "csv"], check=True, capture_output=True)
    variables = {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "airflow" / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "airflow" / "plugins"),
        "AIRFLOW__OPENLINEAGE__DISABLED": "True",
        "OLIST_HOME": str(home),
        "OLIST_SOURCE": str(home / "csv"),
    }
    yield {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | variables
    subprocess.run([BIN / "olist", "warehouse", "stop"], env=os.environ | {"OLIST_HOME": str(home)}, check=False)


def in_airflow(what: str, environment: dict[str, str], *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, SCRIPT, what, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def read(environment: dict[str, str]) -> Any:
    return in_airflow("read", environment)


def test_every_file_is_read_in_two_seconds_without_a_network_and_without_dbt(read: Any) -> None:
    assert read["errors"] == {}
    assert set(read["dags"]) == DAGS
    assert {file for file, seconds in read["seconds"].items() if seconds >= 2} == set()
    assert read["foreign"] == []


@pytest.mark.parametrize("name", sorted(DAGS))
def test_a_dag_says_whose_it_is_what_it_does_and_when_it_gives_up(read: Any, name: str) -> None:
    dag = read["dags"][name]
    assert dag["owner"] == "data-platform"
    assert "olist" in dag["tags"]
    assert len(dag["doc"]) > 40
    assert dag["timeout"] > 0
    assert dag["max_active_runs"] == 1
    assert not dag["catchup"]
    for task in dag["tasks"]:
        assert task["timeout"] > 0, task
        assert task["retries"] > 0, task
        assert task["exponential"], task


def test_what_changes_the_platform_does_so_alone(read: Any) -> None:
    slots = {name: pool["slots"] for name, pool in json.loads(POOLS.read_text(encoding="utf-8")).items()}
    changing = [read["dags"][name]["tasks"] for name in ("olist_ingest", "olist_silver", "olist_export")]
    pools = {task["id"]: task["pool"] for tasks in changing for task in tasks if task["id"] != "name"}
    assert pools.pop("store") == "olist_store", "tables are stored side by side, each under a lock of its own"
    assert {slots[pool] for pool in pools.values()} == {1}


def test_every_dag_runs_from_end_to_end(environment: dict[str, str]) -> None:
    migrated = subprocess.run(
        [Path(sys.executable).with_name("airflow"), "db", "migrate"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert migrated.returncode == 0, migrated.stderr[-4000:]
    back_fill = json.dumps({"processing_date": "2026-01-31"})
    assert in_airflow("run", environment, back_fill, "olist_ingest") == {"olist_ingest": "success"}
    stored = Path(environment["OLIST_HOME"], "lake", "bronze").glob("*/*/*.parquet")
    assert {path.parent.name for path in stored} == {"processing_date=2026-01-31"}
    assert in_airflow("run", environment, "{}", "olist_silver") == {"olist_silver": "success"}
    subprocess.run([BIN / "olist", "gold"], env=environment | {"OLIST_AGENT": "false"}, check=True, capture_output=True)
    rest = sorted(DAGS - {"olist_ingest", "olist_silver"})
    assert in_airflow("run", environment, "{}", *rest) == dict.fromkeys(rest, "success")


def test_in_production_the_same_dags_run_cloud_run_jobs(environment: dict[str, str]) -> None:
    cloud = {"PLATFORM_MODE": "cloud_run", "PLATFORM_PROJECT": "p", "PLATFORM_REGION": "r", "PLATFORM_JOB": "olist"}
    found = in_airflow("cloud_run", environment | cloud)
    assert found["errors"] == {}
    assert set(found["operators"]) == {"CloudRunCommand", "_PythonDecoratedOperator"}
    assert found["container"]["args"][:3] == ["olist", "step", "accept"]
    assert found["outcomes"] == {
        "0": "done",
        "99": "AirflowSkipException",
        "75": "AirflowException",
        "1": "AirflowFailException",
    }
