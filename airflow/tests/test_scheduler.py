"""A real scheduler on PostgreSQL: what is delivered comes out at the end, and what is broken stops there, is told once, and by name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from conftest import BIN, PROJECT, Installation, until

pytestmark = pytest.mark.timeout(900)
CHROMIUM = Path("/usr/bin/chromium")
GRAPHS = {
    "olist_ingest": ["name", "store", "accept"],
    "olist_silver": ["name", "validate_bronze", "build", "audit", "publish"],
}
INCIDENTS = "SELECT incident_id FROM ops_incidents_current"


def unpause(installation: Installation, *dags: str) -> None:
    for dag in dags:
        installation.api("PATCH", f"/dags/{dag}", {"is_paused": False})


@pytest.fixture(scope="module")
def delivered(installation: Installation) -> Installation:
    """A delivery has gone from the source to the exports."""
    # Unpaused, the daily DAG begins the run that is due; the others wait for their assets.
    unpause(installation, "olist_silver", "olist_export", "olist_ingest")
    ingested = installation.ended("olist_ingest")
    assert ingested["state"] == "success", installation.states("olist_ingest", ingested["dag_run_id"])
    silver = installation.ended("olist_silver")
    assert silver["state"] == "success", installation.states("olist_silver", silver["dag_run_id"])

    laptop = installation.laptop
    installation.platform("olist", "gold", OLIST_AIRFLOW=laptop.url.replace("://", f"://admin:{laptop.password}@"))
    assert installation.ended("olist_export")["state"] == "success"
    return installation


def test_a_delivery_goes_from_the_source_to_the_exports(delivered: Installation) -> None:
    lake = delivered.laptop.olist_home / "lake"
    assert list((lake / "exports" / "gold").rglob("*.parquet"))
    assert len(list((lake / "manifests").glob("orders/*/*.json"))) == 1
    recorded = delivered.rows(
        "SELECT step, status FROM ops_runs_current WHERE step LIKE '%olist_%' OR step LIKE 'ingest.%'"
    )
    steps = {row["step"] for row in recorded}
    assert {"olist_ingest", "olist_silver", "olist_export", "olist_ingest.store[orders]", "ingest.orders"} <= steps
    assert not {row["status"] for row in recorded} & {"failed", "lost"}
    lineage = [json.loads(line) for line in (delivered.laptop.home / "openlineage.jsonl").read_text().splitlines()]
    assert {"olist_ingest.accept", "olist_silver.publish"} <= {event["job"]["name"] for event in lineage}


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: Debian's package chromium draws the graphs")
@pytest.mark.parametrize("dag", GRAPHS)
def test_the_browser_shows_the_graph_of_what_ran_and_asks_nobody_else(
    delivered: Installation, tmp_path: Path, dag: str
) -> None:
    picture, laptop = tmp_path / "graph.png", delivered.laptop
    command = [BIN / "python", PROJECT / "airflow" / "screenshot.py", laptop.url, laptop.password, dag, picture]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert [node.split()[0] for node in seen["nodes"]] == GRAPHS[dag]
    assert all(node.endswith("success") for node in seen["nodes"])
    assert seen["elsewhere"] == []
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_nothing_new_announces_nothing_and_a_broken_file_stops_where_it_is_and_is_told_by_name(
    delivered: Installation,
) -> None:
    _nothing_new(delivered)
    _broken(delivered)


def _nothing_new(installation: Installation) -> None:
    run = installation.trigger("olist_ingest")
    again = installation.ended("olist_ingest", 2)
    assert (again["dag_run_id"], again["state"]) == (run, "success")
    assert installation.states("olist_ingest", run)["accept"] == "skipped"
    assert installation.api("GET", "/assets/events?source_dag_id=olist_ingest")["total_entries"] == 1
    assert installation.api("GET", "/dags/olist_silver/dagRuns")["total_entries"] == 1


def _broken(installation: Installation) -> None:
    path = installation.source / "olist_orders_dataset.csv"
    text = path.read_text(encoding="utf-8")
    assert "order_purchase_timestamp" in text.splitlines()[0]
    path.write_text(text.replace("order_purchase_timestamp", "purchased_at", 1), encoding="utf-8")
    installation.platform("openclaw", "poll")
    known = {row["incident_id"] for row in installation.rows(INCIDENTS)}
    run = installation.trigger("olist_ingest")
    assert installation.ended("olist_ingest", 3)["state"] == "failed"
    states = installation.states("olist_ingest", run)
    assert (states["storeorders"], states["accept"]) == ("failed", "upstream_failed")
    assert installation.api("GET", "/dags/olist_silver/dagRuns")["total_entries"] == 1

    over = f"SELECT 1 AS n FROM ops_runs_current WHERE run_id = 'airflow/olist_ingest/{run}' AND status = 'failed'"
    until(lambda: installation.rows(over), "the end of the run in the record")
    said = json.loads(installation.platform("openclaw", "poll", "--json"))
    assert said["opened"] == 1
    assert json.loads(installation.platform("openclaw", "poll", "--json"))["opened"] == 0
    (incident,) = {row["incident_id"] for row in installation.rows(INCIDENTS)} - known
    shown = installation.platform("openclaw", "incidents", "show", incident)
    for name in ("olist_ingest", "store[orders]", "olist_orders_dataset.csv", "order_purchase_timestamp"):
        assert name in shown, shown
    path.write_text(text, encoding="utf-8")
