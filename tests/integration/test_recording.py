"""dbt's artifacts on record: once per invocation, with what failed, what passed, and the lineage; what cannot be read is an event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents import Told
from openclaw.assembly import build_agent
from openclaw.recording import record
from openclaw.settings import load_settings
from opstore.store import Check, Opstore, RunStart

MODEL, TEST = "model.shop.fct_orders", "test.shop.unique_orders.0123456789"


@pytest.fixture
def store(tmp_path: Path) -> Opstore:
    return Opstore(tmp_path / "opstore.sqlite")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    nodes = {
        MODEL: {"resource_type": "model", "name": "fct_orders", "depends_on": {"nodes": ["source.shop.raw.orders"]}},
        TEST: {
            "resource_type": "test", "name": "unique_orders", "attached_node": MODEL, "column_name": "order_id",
            "test_metadata": {"name": "unique", "kwargs": {"column_name": "order_id"}}, "depends_on": {"nodes": [MODEL]},
        },
    }  # fmt: skip
    exposure = {"resource_type": "exposure", "name": "board", "label": "The board", "depends_on": {"nodes": [MODEL]}}
    manifest = {
        "metadata": {"project_name": "shop"}, "nodes": nodes, "exposures": {"exposure.shop.board": exposure},
        "sources": {"source.shop.raw.orders": {"resource_type": "source", "name": "orders", "source_name": "raw"}},
    }  # fmt: skip
    write(folder / "manifest.json", manifest)
    return folder


def write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document), encoding="utf-8")


def ran(target: Path, invocation: str, *, model: str = "success", test: str = "pass", at: str = "10") -> None:
    """dbt build has left its results."""
    results = [
        {"unique_id": MODEL, "status": model, "message": "relation raw.orders does not exist", "failures": None},
        {"unique_id": TEST, "status": test, "message": "Got 3 results, configured to fail if != 0", "failures": 3},
    ]
    metadata = {"invocation_id": invocation, "generated_at": f"2030-01-01T{at}:00:00.123456Z", "dbt_version": "1.11.0"}
    write(target / "run_results.json", {"metadata": metadata, "args": {"which": "build"}, "results": results})


def everything(store: Opstore) -> list[Any]:
    tables = ("ops_runs", "ops_checks", "ops_events", "ops_lineage")
    return [store.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]


def test_an_invocation_is_recorded_once_however_often_it_is_called_for(store: Opstore, target: Path) -> None:
    ran(target, "abc", test="fail")
    first = record(store, target)
    before = everything(store)
    assert record(store, target) == first
    assert everything(store) == before
    (run,) = store.runs()
    assert (run["run_id"], run["step"], run["status"]) == ("dbt:abc", "dbt build", "failed")
    assert run["started_at"] == "2030-01-01T10:00:00.123Z"


def test_what_failed_is_an_event_and_what_passed_a_check(store: Opstore, target: Path) -> None:
    ran(target, "abc", test="fail")
    record(store, target)
    (event,) = store.query("SELECT * FROM ops_events")
    assert (event["type"], event["resource"], event["run_id"]) == ("DBT_TEST_FAILED", TEST, "dbt:abc")
    assert json.loads(event["evidence"])["asset"] == MODEL
    checks = {(c["asset"], c["check_name"], c["status"]) for c in store.checks("dbt:abc")}
    assert {(MODEL, "built", "pass"), (MODEL, "unique_orders", "fail")} <= checks


def test_the_manifest_is_the_lineage_down_to_the_reports_by_their_names(store: Opstore, target: Path) -> None:
    ran(target, "abc")
    record(store, target)
    edges = store.query("SELECT parent, child, child_label FROM ops_lineage_current WHERE producer = 'dbt:shop'")
    assert {(e["parent"], e["child"], e["child_label"]) for e in edges} == {
        ("source.shop.raw.orders", MODEL, None), (MODEL, "exposure.shop.board", "The board"),
    }  # fmt: skip


def test_a_manifest_alone_gives_the_lineage_and_no_run(store: Opstore, target: Path) -> None:
    done = record(store, target)
    assert (done.runs, done.errors, store.runs()) == ((), (), [])
    assert len(store.query("SELECT * FROM ops_lineage_current")) == 2


@pytest.mark.parametrize(("bad", "words"), [({"test": "fail"}, "the same check passed"), ({"model": "error"}, "built")])
def test_what_comes_out_well_in_a_later_invocation_resolves_the_incident(
    store: Opstore, target: Path, bad: dict[str, str], words: str
) -> None:
    agent = build_agent(load_settings(opstore=str(store.path)), lambda text: None, store)
    ran(target, "abc", **bad)
    record(store, target)
    assert agent.poll().opened == 1
    ran(target, "def", at="09")
    record(store, target)
    assert agent.poll().resolved == 0, "an earlier invocation that arrives late resolves nothing"
    ran(target, "ghi", at="11")
    record(store, target)
    assert agent.poll().resolved == 1
    assert words in store.query("SELECT reason FROM ops_incidents_current")[0]["reason"]


def built(target: Path, invocation: str, **models: str) -> None:
    rows = [{"unique_id": f"model.shop.{name}", "status": status} for name, status in models.items()]
    write(target / "run_results.json", {"metadata": {"invocation_id": invocation}, "results": rows})


def without_orders(target: Path) -> None:
    """The manifest has another model, and none that reads from or makes fct_orders."""
    model = {"resource_type": "model", "name": "dim_shops", "depends_on": {"nodes": ["source.shop.raw.shops"]}}
    write(target / "manifest.json", {"nodes": {"model.shop.dim_shops": model}})


def test_a_model_that_later_manifests_do_not_have_is_retired_and_one_that_was_only_not_run_is_not(
    store: Opstore, target: Path
) -> None:
    agent = build_agent(load_settings(opstore=str(store.path)), lambda text: None, store)
    built(target, "abc", fct_orders="error")
    record(store, target)
    assert agent.poll().opened == 1
    built(target, "a part", dim_shops="success")
    record(store, target)
    assert agent.poll().resolved == 0, "the manifest still has it"
    without_orders(target)
    record(store, target)
    assert agent.poll().resolved == 1
    (incident,) = store.query("SELECT change, reason FROM ops_incidents_current")
    assert (incident["change"], "fct_orders is no more" in incident["reason"]) == ("retired", True)


def test_a_model_that_is_still_looked_at_is_not_retired_though_it_has_no_lineage_left(
    store: Opstore, target: Path
) -> None:
    agent = build_agent(load_settings(opstore=str(store.path)), lambda text: None, store)
    built(target, "abc", fct_orders="error")
    record(store, target)
    assert agent.poll().opened == 1
    without_orders(target)
    store.record_checks("def", [Check(MODEL, "unique_orders", "dbt_test", "error", "fail", 1)])
    record(store, target)
    assert agent.poll().resolved == 0


def test_a_node_that_nothing_else_is_tied_to_is_there(store: Opstore, target: Path) -> None:
    agent = build_agent(load_settings(opstore=str(store.path)), lambda text: None, store)
    alone = {"resource_type": "model", "name": "fct_orders", "depends_on": {"nodes": []}}
    shops = {"resource_type": "model", "name": "dim_shops", "depends_on": {"nodes": ["source.shop.raw.shops"]}}
    for day, status in enumerate(("success", "error"), 1):
        metadata = {
            "invocation_id": status,
            "generated_at": f"2026-03-0{day}T06:00:00Z",
        }  # before its graph is recorded
        results = [{"unique_id": "model.shop.fct_orders", "status": status}]
        write(target / "run_results.json", {"metadata": metadata, "results": results})
        record(store, target)
        write(target / "manifest.json", {"nodes": {"model.shop.fct_orders": alone, "model.shop.dim_shops": shops}})
    poll = agent.poll()
    assert (poll.opened, poll.resolved) == (1, 0)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"results": [{"unique_id": "model.a.b", "status": "perhaps"}]}'])
def test_artifacts_that_cannot_be_read_raise_an_incident_which_readable_ones_resolve(
    store: Opstore, target: Path, content: str
) -> None:
    told = Told()
    agent = build_agent(load_settings(opstore=str(store.path)), lambda text: None, store)
    agent.channel = told
    (target / "run_results.json").write_text(content, encoding="utf-8")
    assert record(store, target).errors
    record(store, target)
    assert agent.poll().opened == 1
    assert told.last[0].count == 1
    ran(target, "abc")
    record(store, target)
    assert agent.poll().resolved == 1


@pytest.mark.parametrize("found", ["null", '"x"', '[null, "x", 3]'])
@pytest.mark.parametrize("name", ["run_results", "sources"])
def test_results_that_are_none_are_no_success(store: Opstore, target: Path, name: str, found: str) -> None:
    (target / f"{name}.json").write_text(f'{{"results": {found}}}', encoding="utf-8")
    assert record(store, target).errors
    assert [run["status"] for run in store.runs()] == ["failed"]


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "9" * 400, '"\\ud800"'])
def test_what_failed_is_recorded_beside_values_that_are_none(store: Opstore, target: Path, odd: str) -> None:
    row = f'{{"unique_id": "{TEST}", "status": "fail", "failures": {odd}, "message": {odd}, "execution_time": {odd}}}'
    (target / "run_results.json").write_text(f'{{"results": [{row}], "elapsed_time": {odd}}}', encoding="utf-8")
    record(store, target)
    assert len(store.query("SELECT * FROM ops_events WHERE type = 'DBT_TEST_FAILED'")) == 1
    assert build_agent(load_settings(opstore=str(store.path)), lambda text: None, store).poll().opened == 1


def test_a_model_that_was_tried_twice_has_passed_only_where_the_last_try_did(store: Opstore, target: Path) -> None:
    tries = [{"unique_id": MODEL, "status": word} for word in ("success", "error")]
    write(target / "run_results.json", {"metadata": {"invocation_id": "abc"}, "results": tries})
    record(store, target)
    assert {c["status"] for c in store.checks("dbt:abc") if c["asset"] == MODEL} == {"error"}


def test_a_folder_without_artifacts_is_not_taken_for_health(store: Opstore, tmp_path: Path) -> None:
    assert record(store, tmp_path / "nowhere").errors
    assert len(store.query("SELECT * FROM ops_events")) == 1


def test_dbt_inside_a_step_is_part_of_its_run(store: Opstore, target: Path) -> None:
    store.start(RunStart("1.gold", "gold", None, "1", 60, None, "{}"))
    ran(target, "abc", model="error")
    record(store, target, "1.gold")
    (run,) = store.runs(parent="1.gold")
    assert run["run_id"] == "dbt:abc"
    (event,) = store.query("SELECT * FROM ops_events")
    assert json.loads(event["evidence"])["step"] == "gold"


def took(target: Path, invocation: str, seconds: float, day: int) -> None:
    """dbt build has left its results, and says what it spent on the model."""
    metadata = {"invocation_id": invocation, "generated_at": f"2030-01-{day:02}T10:00:00Z", "dbt_version": "1.11.0"}
    row = {"unique_id": MODEL, "status": "success", "message": "SELECT 5", "execution_time": seconds}
    write(target / "run_results.json", {"metadata": metadata, "args": {"which": "build"}, "results": [row]})


def test_a_model_that_gets_slow_is_one_incident_with_the_numbers_until_it_is_as_usual(
    store: Opstore, target: Path
) -> None:
    agent = build_agent(load_settings(opstore=str(store.path)), lambda text: None, store)
    for day in range(1, 13):
        took(target, f"night-{day}", 20.0 + day % 4, day)
        record(store, target)
    assert agent.poll().opened == 0, "noise, and the first nights"
    for day in (13, 14):
        took(target, f"night-{day}", 80.0, day)
        record(store, target)
        assert agent.poll().opened == (1 if day == 13 else 0)
    (incident,) = store.query("SELECT * FROM ops_incidents_current")
    assert (incident["severity"], incident["title"]) == ("P2", "fct_orders: far slower than usual")
    assert "took 80.0 s, usual is 21.5 s, give or take " in incident["evidence"]
    took(target, "night-15", 22.0, 15)
    record(store, target)
    assert agent.poll().resolved == 1
