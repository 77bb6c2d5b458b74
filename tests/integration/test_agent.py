"""From events to alerts and to the end of incidents: one right alert per cause."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents import Told, agent_on, at, event, passed, ran, write_agent_script
from openclaw.detect import Expected
from opstore.store import Check, Edge, Opstore, RunFinish, utc_now

CHAIN = [
    Edge("bronze.orders", "silver.orders", "asset"),
    Edge("silver.orders", "model.olist.fact_orders", "model"),
    Edge("model.olist.fact_orders", "exposure.olist.sales", "exposure", "Sales overview"),
]


@pytest.fixture
def store(tmp_path: Path) -> Opstore:
    return Opstore(tmp_path / "opstore.sqlite")


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_storm_of_two_thousand_events_with_three_causes_is_three_alerts(store: Opstore, told: Told) -> None:
    store.record_lineage("test", CHAIN)
    causes = ("bronze.orders", "silver.sellers", "silver.products")
    results = ("silver.orders", "model.olist.fact_orders")
    store.record_events(
        event((*causes, *results)[i % 5], minutes=-60 + i / 100, check="c", run="storm", message=f"row {i} is bad")
        for i in range(2000)
    )
    done = agent_on(store, told).poll()
    assert (done.events, done.opened, done.alerts_sent) == (2000, 3, 3)
    assert {view.root for view in told.last} == set(causes)
    assert sum(view.count for view in told.last) == 2000
    (orders,) = (view for view in told.last if view.root == "bronze.orders")
    assert orders.exposures == ("Sales overview",)


def test_the_same_failure_every_five_minutes_for_a_day_is_one_alert_with_a_count(store: Opstore, told: Told) -> None:
    agent = agent_on(store, told)
    failures = [
        event("silver.orders", check="unique", minutes=5 * (number - 288), run=f"run{number}") for number in range(288)
    ]
    for failure in failures:
        store.record_events([failure])
        agent.poll()
    (alert,) = told.last
    assert alert.count == 288
    assert (datetime.fromisoformat(alert.last_seen) - datetime.fromisoformat(alert.first_seen)).total_seconds() == (
        pytest.approx(287 * 300, abs=60)
    )


def test_a_resolved_incident_says_so_in_the_same_message(store: Opstore, told: Told) -> None:
    store.record_events([event("silver.orders", check="unique", run="1.silver")])
    agent_on(store, told).poll()
    ran(store, "2.silver", "silver", "success", passed())
    done = agent_on(store, told).poll()
    assert (done.resolved, done.alerts_sent, done.alerts_edited, done.open_incidents) == (1, 0, 1, 0)
    ((first, last),) = told.messages.values()
    assert (first.state, last.state) == ("open", "resolved")
    assert last.resolved_reason == "the same check passed: unique of silver.orders, in run 2.silver"


@pytest.mark.parametrize(
    "other", [passed(check="not_null"), passed(asset="silver.sellers"), replace(passed(), status="skipped")]
)
def test_another_check_or_one_that_was_skipped_resolves_nothing(store: Opstore, told: Told, other: Check) -> None:
    store.record_events([event("silver.orders", check="unique")])
    store.record_checks("later", [other])
    assert agent_on(store, told).poll().open_incidents == 1


def test_a_check_that_passed_before_the_failure_resolves_nothing_when_it_is_recorded_late(
    store: Opstore, told: Told
) -> None:
    store.record_events([event("silver.orders", check="unique", minutes=-10)])
    store.record_checks("earlier", [passed()], at(-20))
    assert agent_on(store, told).poll().open_incidents == 1
    store.record_checks("later", [passed()], at(-5))
    assert agent_on(store, told).poll().open_incidents == 0


def test_a_step_that_ends_well_resolves_what_blocked_it_and_not_what_only_warned(store: Opstore, told: Told) -> None:
    store.record_events([
        event("bronze.orders", check="structure", step="ingest", status="error", run="1.ingest"),
        event("bronze.sellers", check="volume", step="ingest", status="warn", run="0.ingest"),
    ])  # fmt: skip
    assert agent_on(store, told).poll().opened == 2
    ran(store, "2.ingest", "ingest", "no_op")
    agent_on(store, told).poll()
    assert {view.root: view.state for view in told.last} == {"bronze.orders": "resolved", "bronze.sellers": "open"}


def test_a_check_that_is_no_more_closes_its_incident_as_retired(store: Opstore, told: Told) -> None:
    failed = replace(passed(), status="fail")
    ran(store, "1.silver", "silver", "failed", failed, passed(check="not_null"), passed(check="pattern"))
    store.record_events([event("silver.orders", check="unique", run="1.silver", minutes=0)])
    agent_on(store, told).poll()
    store.record_checks("2.silver", [passed(check="not_null")], at(1))  # judged in part: says nothing of the others
    assert agent_on(store, told).poll().open_incidents == 1
    store.record_checks("3.silver", [passed(check="not_null"), passed(check="pattern")], at(2))
    assert agent_on(store, told).poll().open_incidents == 0
    assert "the check is no more" in (told.last[0].resolved_reason or "")


def test_what_fails_again_soon_reopens_the_same_incident_and_later_is_a_new_one(store: Opstore, told: Told) -> None:
    agent = agent_on(store, told)
    store.record_events([event("silver.orders", check="unique", minutes=-30)])
    agent.poll()
    store.record_checks("good", [passed()], at(-20))
    agent.poll()
    store.record_events([event("silver.orders", check="unique", minutes=-10)])
    assert agent.poll().reopened == 1
    assert [(view.state, view.count) for view in told.last] == [("reopened", 2)]
    store.record_checks("good again", [passed()], at(-5))
    agent.poll()
    store.record_events([event("silver.orders", check="unique", minutes=0)])
    assert agent_on(store, told, reopen_days=-1).poll().opened == 1


def test_a_failure_from_before_the_resolution_that_comes_late_is_counted_and_reopens_nothing(
    store: Opstore, told: Told
) -> None:
    store.record_events([event("silver.orders", check="unique", minutes=-30)])
    agent_on(store, told).poll()
    store.record_checks("good", [passed()], at(-20))
    agent_on(store, told).poll()
    store.record_events([event("silver.orders", check="unique", minutes=-25, run="late")])
    agent_on(store, told).poll()
    assert [(view.state, view.count) for view in told.last] == [("resolved", 2)]


def test_records_that_arrive_late_have_their_effect(store: Opstore, told: Told) -> None:
    store.record_events([event("silver.orders", minutes=-1)])
    agent_on(store, told).poll()
    store.record_events([event("silver.sellers", minutes=-60 * 24 * 20)])
    assert agent_on(store, told).poll().opened == 1


def test_a_task_the_dbt_error_inside_it_and_the_check_before_it_are_one_incident(store: Opstore, told: Told) -> None:
    ran(store, "airflow", "dag", "failed")
    ran(store, "airflow.gold", "gold", "failed")
    ran(store, "airflow.silver", "silver", "failed")
    store.record_events([
        event("airflow:olist.build", type="PIPELINE_FAILED", kind="task", run="airflow", minutes=-1),
        event("model.olist.fact_orders", type="DBT_RUN_FAILED", kind="model", run="airflow.gold", minutes=-2),
        event("silver.orders", check="unique", kind="test", run="airflow.silver", minutes=-3),
    ])  # fmt: skip
    done = agent_on(store, told).poll()
    assert (done.events, done.opened) == (3, 1)
    (alert,) = told.last
    assert alert.root == "silver.orders"
    assert "model.olist.fact_orders" in alert.affected
    assert alert.count == 3


def test_the_cause_that_arrives_after_its_consequence_becomes_the_root_of_the_same_incident(
    store: Opstore, told: Told
) -> None:
    store.record_lineage("test", CHAIN)
    store.record_events([event("model.olist.fact_orders", run="r", minutes=-2)])
    agent_on(store, told).poll()
    store.record_events([event("silver.orders", check="unique", run="r", minutes=-3)])
    done = agent_on(store, told).poll()
    assert (done.opened, done.alerts_sent, done.alerts_edited) == (0, 0, 1)
    assert [(view.root, view.count) for view in told.last] == [("silver.orders", 2)]
    ran(store, "good", "silver", "success", passed())
    assert agent_on(store, told).poll().resolved == 1


def test_a_run_that_never_ends_raises_an_incident_which_the_next_good_run_resolves(store: Opstore, told: Told) -> None:
    ran(store, "1", "run", None, deadline=-1)
    ran(store, "1.silver", "silver", None, deadline=-1)
    ran(store, "2.gold", "gold", None, deadline=3600)
    assert agent_on(store, told).poll().opened == 1
    (alert,) = told.last
    assert alert.root == "step:silver"
    assert "has not ended" in alert.evidence[0].text
    ran(store, "3.silver", "silver", "no_op")
    assert agent_on(store, told).poll().resolved == 1


def test_a_lost_run_whose_end_arrives_late_is_resolved(store: Opstore, told: Told) -> None:
    ran(store, "1.silver", "silver", None, deadline=-1)
    agent_on(store, told).poll()
    store.finish(RunFinish("1.silver", "silver", "success", None, 1.0))
    assert agent_on(store, told).poll().resolved == 1


def test_a_lost_run_that_a_good_one_has_followed_raises_nothing(store: Opstore, told: Told) -> None:
    ran(store, "1.silver", "silver", None, deadline=-1)
    ran(store, "2.silver", "silver", "success")
    assert agent_on(store, told).poll().events == 0


@pytest.mark.parametrize("has_run", [True, False])
def test_a_scheduled_run_that_never_began_raises_one_incident(store: Opstore, told: Told, *, has_run: bool) -> None:
    soon = (Expected("run", every=0.0, grace=0.0),)
    if has_run:
        ran(store, "1", "run")
    agent_on(store, told).poll()
    for _ in range(3):
        agent_on(store, told, expected=soon).poll()
    (alert,) = told.last
    assert alert.root == "step:run"
    assert alert.count == 1
    ran(store, "2", "run")
    agent_on(store, told).poll()
    assert told.last[0].state == "resolved"


def test_a_scheduled_run_within_its_grace_raises_nothing(store: Opstore, told: Told) -> None:
    ran(store, "1", "run")
    agent_on(store, told).poll()
    assert agent_on(store, told, expected=(Expected("run", every=60, grace=60),)).poll().events == 0


# Crashes and rivals


POINTS = (
    ("acquired", 1), ("detected", 1), ("placed", 1), ("taken in", 1), ("closed", 1), ("recorded", 1), ("recorded", 2),
    ("claimed", 1), ("claimed", 2), ("sent", 1), ("sent", 2), ("marked", 1), ("marked", 2),
)  # fmt: skip


def start(
    folder: Path, store: Opstore, mode: str, point: str, nth: int, seconds: float, lease: float
) -> subprocess.Popen[str]:
    script = write_agent_script(folder / "agent.py")
    arguments = [str(store.path), str(folder / "told"), mode, point, str(nth), str(seconds), str(lease)]
    tests = Path(__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, str(script), *arguments],
        env={"PYTHONPATH": f"{tests}:{tests.parent / 'src'}"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> str:
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode in (0, 9), stderr
    return stdout.splitlines()[-1] if stdout else ""


def lines(folder: Path) -> list[str]:
    path = folder / "told"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@pytest.mark.parametrize(("point", "nth"), POINTS, ids=str)
def test_killed_at_this_point_no_alert_is_lost_and_none_repeated_but_between_answer_and_recording(
    store: Opstore, tmp_path: Path, point: str, nth: int
) -> None:
    store.record_events([event("silver.orders", check="unique"), event("silver.sellers", check="unique")])
    killed = start(tmp_path, store, "kill", point, nth, 0, lease=0.2)
    ended(killed)
    assert killed.returncode == 9
    for _ in range(2):
        assert wait_done(tmp_path, store) == "done"
    sent = [line.split()[1] for line in lines(tmp_path) if line.startswith("new")]
    assert len(set(sent)) == 2
    assert len(sent) == (3 if point == "sent" else 2)
    assert not [line for line in lines(tmp_path) if line.startswith("edit")]
    assert len(store.query("SELECT * FROM ops_effects")) == 2


def wait_done(folder: Path, store: Opstore) -> str:
    """A pass, once the lease of whoever was killed has expired."""
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while datetime.now(UTC) < deadline:
        said = ended(start(folder, store, "none", "", 1, 0, lease=30))
        if said != "busy":
            return said
    return "busy"


def test_every_pass_leaves_a_heartbeat(store: Opstore, told: Told) -> None:
    for _ in range(3):
        agent_on(store, told).poll()
    beats = store.query("SELECT * FROM ops_heartbeats ORDER BY fencing")
    assert [beat["fencing"] for beat in beats] == [1, 2, 3]
    assert beats[0]["started_at"] <= beats[0]["finished_at"] <= utc_now()
