"""One judge at a time: leases, fencing numbers, and pollers that race, stall and wake up late."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agents import Told, agent_on, event, write_agent_script
from openclaw.agent import Agent, Ending
from openclaw.daily import Daily
from openclaw.lease import acquire, release, renewed
from openclaw.model import IncidentView
from opstore.store import Fenced, Opstore


@pytest.fixture
def store(tmp_path: Path) -> Opstore:
    return Opstore(tmp_path / "opstore.sqlite")


def test_only_one_of_ten_gets_the_lease(store: Opstore) -> None:
    with ThreadPoolExecutor(10) as pool:
        leases = list(pool.map(lambda i: acquire(Opstore(store.path), "poll", f"holder{i}", 60), range(10)))
    assert sum(lease is not None for lease in leases) == 1


def test_a_released_lease_and_an_expired_one_go_to_the_next_with_a_greater_number(store: Opstore) -> None:
    first = acquire(store, "poll", "a", 60)
    assert first is not None
    assert acquire(store, "poll", "b", 60) is None
    release(store, first)
    second = acquire(store, "poll", "b", -1)
    third = acquire(store, "poll", "c", 60)
    assert second is not None
    assert third is not None
    assert first.fencing < second.fencing < third.fencing


def test_who_was_overtaken_writes_nothing_more(store: Opstore) -> None:
    stalled = acquire(store, "poll", "a", -1)
    assert stalled is not None
    assert acquire(store, "poll", "b", 60) is not None
    row = {"name": "poll", "fencing": 1, "holder": "a", "started_at": "", "finished_at": "", "summary": ""}
    with pytest.raises(Fenced):
        store.append({"ops_heartbeats": [row]}, stalled.fence)
    with pytest.raises(Fenced):
        renewed(store, stalled)
    with pytest.raises(Fenced):
        release(store, stalled)
    assert not store.query("SELECT * FROM ops_heartbeats")


def test_a_lease_is_renewed_once_half_of_its_time_has_passed(store: Opstore) -> None:
    long = acquire(store, "poll", "a", 60)
    assert long is not None
    assert renewed(store, long) is long
    short = acquire(store, "other", "a", 0)
    assert short is not None
    assert renewed(store, short).ends >= short.ends


def test_leases_of_other_names_do_not_meet(store: Opstore) -> None:
    assert acquire(store, "poll", "a", 60) is not None
    assert acquire(store, "prune", "a", 60) is not None


class LastWord(Told):
    """A channel that has the agent end with the first message."""

    agent: Agent

    def send(self, view: IncidentView, message_id: str | None) -> str:
        self.agent.ending = True
        return super().send(view, message_id)


def ending_at_the_first_message(store: Opstore) -> tuple[Agent, list[str]]:
    """An agent, and a list of the daily work that it did."""
    done: list[str] = []
    channel = LastWord()
    channel.agent = agent_on(store, channel)
    channel.agent.daily = (Daily("prune", 0, lambda: done.append("prune") or "did"),)  # type: ignore[func-returns-value]
    return channel.agent, done


def test_a_pass_that_is_to_end_gives_back_its_lease_and_the_next_one_completes_it(store: Opstore) -> None:
    store.record_events([event("silver.orders"), event("silver.sellers")])
    agent, _ = ending_at_the_first_message(store)
    with pytest.raises(Ending):
        agent.poll()
    with pytest.raises(Ending):
        agent.poll()
    done = agent_on(store, Told()).poll()
    assert (done.state, done.opened, done.alerts_sent) == ("done", 0, 1)


def test_a_pass_that_is_to_end_and_has_told_everybody_is_completed_without_the_days_work(store: Opstore) -> None:
    store.record_events([event("silver.orders")])
    agent, worked = ending_at_the_first_message(store)
    done = agent.poll()
    assert (done.state, done.alerts_sent, worked) == ("done", 1, [])


def begun(
    folder: Path, store: Opstore, mode: str, point: str, lease: float, log: str = "told"
) -> subprocess.Popen[str]:
    script = write_agent_script(folder / "agent.py")
    tests = Path(__file__).parents[1]
    arguments = [str(store.path), str(folder / log), mode, point, "1", "4", str(lease)]
    return subprocess.Popen(
        [sys.executable, str(script), *arguments],
        env={"PYTHONPATH": f"{tests}:{tests.parent / 'src'}"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> str:
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    return stdout.splitlines()[-1]


@pytest.mark.parametrize("point", ["acquired", "detected", "placed", "taken in", "closed", "recorded", "claimed"])
def test_of_ten_pollers_and_a_stalled_one_each_event_takes_effect_once_and_each_alert_is_sent_once(
    store: Opstore, tmp_path: Path, point: str
) -> None:
    store.record_events(event(f"silver.t{i % 5}", check="c", minutes=-i / 100) for i in range(200))
    stalled = begun(tmp_path, store, "stall", point, lease=0.5)
    reached = tmp_path / "told.reached"
    deadline = time.monotonic() + 60
    while not reached.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert reached.exists()
    said: list[str] = []
    with ThreadPoolExecutor(2) as pool:  # the machine's two processors: ten at once would outlast the stall
        said = list(pool.map(lambda _: ended(begun(tmp_path, store, "none", "", lease=30)), range(10)))
    assert "done" in said
    assert ended(stalled) == "overtaken"
    told = (tmp_path / "told").read_text(encoding="utf-8").splitlines()
    assert sorted(line.split()[0] for line in told) == ["new"] * 5
    assert len({line.split()[1] for line in told}) == 5
    assert len(store.query("SELECT * FROM ops_effects")) == 200


def test_ten_pollers_at_once_share_the_work_without_a_repetition(store: Opstore, tmp_path: Path) -> None:
    store.record_events(event(f"silver.t{i % 5}", check="c", minutes=-i / 100) for i in range(200))
    pollers = [begun(tmp_path, store, "none", "", lease=30) for _ in range(10)]
    said = [ended(poller) for poller in pollers]
    assert set(said) <= {"done", "busy"}
    told = (tmp_path / "told").read_text(encoding="utf-8").splitlines()
    assert sorted(line.split()[0] for line in told) == ["new"] * 5
