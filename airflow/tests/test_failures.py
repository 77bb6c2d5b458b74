"""Whatever ends a task, or keeps a DAG from running at all, is one event of the platform's record, with the error itself."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conftest import Installation, until

pytestmark = pytest.mark.timeout(900)
FAILING = Path(__file__).with_name("failing.py")


@pytest.fixture(scope="module")
def failing(installation: Installation) -> Installation:
    """The failing DAGs have run to their end."""
    dags = installation.laptop.olist_home / "dags"
    shutil.copy(FAILING, dags)
    until(lambda: _known(installation, "is_killed"), "the DAGs to be read")
    for dag in ("fails", "fails_twice", "times_out", "is_killed"):
        installation.trigger(dag)
    return installation


def _known(installation: Installation, dag: str) -> bool:
    return any(d["dag_id"] == dag for d in installation.api("GET", "/dags?limit=100")["dags"])


def _event(installation: Installation, dag: str) -> dict[str, Any]:
    """The only event of the DAG's only task, once the run is over and recorded."""
    run = installation.ended(dag)
    assert run["state"] == "failed"
    of_run = f"airflow/{dag}/{run['dag_run_id']}"
    until(
        lambda: installation.rows(
            f"SELECT 1 AS n FROM ops_runs_current WHERE run_id = '{of_run}' AND status = 'failed'"
        ),
        of_run,
    )
    (event,) = installation.rows(f"SELECT * FROM ops_events WHERE resource = 'task:{dag}.only'")
    evidence = json.loads(event["evidence"])
    assert (evidence["dag"], evidence["task"], evidence["dag_run"]) == (dag, "only", run["dag_run_id"])
    assert evidence["log"].startswith(f"{installation.laptop.url}/dags/{dag}/runs/")
    assert event["run_id"].startswith(of_run)
    return event | evidence


def _tries(installation: Installation, dag: str) -> list[str]:
    query = f"SELECT status FROM ops_runs_current WHERE step = '{dag}.only' ORDER BY started_at"
    return [row["status"] for row in installation.rows(query)]


def test_an_error_that_a_retry_would_repeat_is_told_at_once(failing: Installation) -> None:
    event = _event(failing, "fails")
    assert (event["try"], event["type"]) == (1, "PIPELINE_FAILED")
    assert "exit code 1" in event["message"]
    assert "relation orders does not exist" in event["message"]
    assert _tries(failing, "fails") == ["failed"]


def test_a_transient_error_is_tried_again_and_told_when_the_last_try_has_failed(failing: Installation) -> None:
    event = _event(failing, "fails_twice")
    assert event["try"] == 2
    assert "busy" in event["message"]
    assert _tries(failing, "fails_twice") == ["failed", "failed"]


def test_a_task_that_times_out_is_told_and_its_command_ends(failing: Installation) -> None:
    assert "imeout" in _event(failing, "times_out")["message"]
    assert not _running(failing, "times_out")


def test_a_task_that_is_killed_is_told_and_its_command_ends(failing: Installation) -> None:
    assert "killed" in _event(failing, "is_killed")["message"].lower()
    until(lambda: not _running(failing, "is_killed"), "the command's end")


def test_a_dag_file_that_cannot_be_read_is_an_incident_until_a_dag_of_it_runs(failing: Installation) -> None:
    def poll() -> list[str]:
        failing.platform("openclaw", "poll", "--wait", "60s")
        query = "SELECT state FROM ops_incidents_current WHERE root = 'dag:broken.py'"
        return [row["state"] for row in failing.rows(query)]

    path = failing.laptop.olist_home / "dags" / "broken.py"
    path.write_text("from airflow.sdk import dag\nimport pandas_of_yesterday\n", encoding="utf-8")
    (event,) = until(lambda: failing.rows("SELECT * FROM ops_events WHERE resource = 'dag:broken.py'"), "the event")
    assert "pandas_of_yesterday" in event["message"]
    assert poll() == ["open"]
    path.write_text(MENDED, encoding="utf-8")
    until(lambda: _known(failing, "mended"), "the mended DAG to be read")
    failing.trigger("mended")
    until(lambda: failing.rows("SELECT 1 AS n FROM ops_checks WHERE asset = 'dag:broken.py'"), "a run of it")
    assert poll() == ["resolved"]
    path.unlink()


MENDED = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("mended", schedule=None, is_paused_upon_creation=False):
    EmptyOperator(task_id="only")
"""


def test_a_scheduler_that_has_stopped_is_one_incident_at_the_next_poll_until_it_schedules_again(
    failing: Installation, tmp_path: Path
) -> None:
    expected = tmp_path / "expected.yml"
    expected.write_text("expected: [{step: beats, every: 30s, grace: 20s}]", encoding="utf-8")

    def poll() -> int:
        said = failing.platform("openclaw", "poll", "--json", "--wait", "60s", OPENCLAW_EXPECTED=str(expected))
        return int(json.loads(said)["opened"])

    def states() -> list[str]:
        query = "SELECT state FROM ops_incidents_current WHERE root = 'step:beats'"
        return [row["state"] for row in failing.rows(query)]

    failing.api("PATCH", "/dags/beats", {"is_paused": False})
    until(lambda: _beats(failing), "the first beat")
    poll()  # the first one begins to watch, and tells what the other tests have left
    before = _beats(failing)
    until(lambda: _beats(failing) > before, "another beat")
    poll()
    assert states() == [], "a scheduler that works is no incident"

    failing.laptop.end("scheduler")
    until(lambda: _silence(failing) > 51, "the time by which the next one is due")
    assert poll() == 1
    assert states() == ["open"]
    assert poll() == 0

    seen = _beats(failing)
    failing.laptop.begin("scheduler")
    until(lambda: _beats(failing) > seen, "a beat of the new scheduler")
    failing.api("PATCH", "/dags/beats", {"is_paused": True})
    poll()
    assert states() == ["resolved"]


_STARTS = "FROM ops_runs WHERE step = 'beats' AND phase = 'started'"


def _beats(installation: Installation) -> int:
    return int(installation.rows(f"SELECT count(*) AS n {_STARTS}")[0]["n"])


def _silence(installation: Installation) -> float:
    """Seconds since the last beat."""
    (last,) = installation.rows(f"SELECT max(occurred_at) AS at {_STARTS}")
    return (datetime.now(UTC) - datetime.fromisoformat(last["at"])).total_seconds()


def _running(installation: Installation, dag: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_text(errors="replace")
        except OSError:
            continue
        if f"OLIST_PARENT_RUN=airflow/{dag}/" in variables and str(installation.laptop.olist_home) in variables:
            found.append(entry.name)
    return found
