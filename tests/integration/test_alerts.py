"""What the channel hears: each version of an incident once, later where it could not be told, with advice where there is some."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agents import Told, agent_on, at, event, passed, ran
from openclaw.agent import Past
from openclaw.alerts import NotAccepted
from openclaw.model import Action, Advice, IncidentView
from opstore.store import Opstore


@pytest.fixture
def store(tmp_path: Path) -> Opstore:
    return Opstore(tmp_path / "opstore.sqlite")


@pytest.fixture
def told() -> Told:
    return Told()


def test_an_alert_that_the_channel_does_not_take_is_sent_by_the_next_pass(store: Opstore, told: Told) -> None:
    store.record_events([event("silver.orders")])
    told.refuses = True
    assert agent_on(store, told).poll().alerts_failed == 1
    told.refuses = False
    assert agent_on(store, told).poll().alerts_sent == 1
    assert agent_on(store, told).poll().alerts_sent == 0


def test_an_alert_that_the_channel_refuses_for_good_is_tried_ever_more_seldom(
    store: Opstore, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def polled(minutes: float) -> int:
        monkeypatch.setattr("openclaw.alerts.utc_now", lambda: at(minutes))
        done = agent_on(store, told).poll()
        return done.alerts_failed + done.alerts_sent

    store.record_events([event("silver.orders")])
    told.refuses, told.refusal = True, NotAccepted
    assert [polled(0) for _ in range(20)] == [1, 1] + [0] * 18
    assert [polled(minutes) for minutes in (4, 6, 6, 9, 11, 19, 21)] == [0, 1, 0, 0, 1, 0, 1]
    assert [polled(4 * 60 + 1) for _ in range(12)] == [1] * 12, "never longer than four hours"
    assert polled(0) == 0
    store.record_events([event("silver.orders", minutes=-5, message="again")])
    assert polled(0) == 1, "news is not made to wait"
    assert [polled(0) for _ in range(3)] == [1, 0, 0]
    told.refuses = False
    assert [polled(minutes) for minutes in (4, 6)] == [0, 1]
    assert told.last[0].state == "open"


def test_an_outage_of_the_channel_makes_no_alert_wait_once_it_is_over(store: Opstore, told: Told) -> None:
    store.record_events([event("silver.orders")])
    told.refuses = True
    assert [agent_on(store, told).poll().alerts_failed for _ in range(8)] == [1] * 8
    told.refuses = False
    assert agent_on(store, told).poll().alerts_sent == 1


def test_what_waits_after_refusals_is_counted_and_tried_once_the_channel_takes_another(
    store: Opstore, told: Told
) -> None:
    agent = agent_on(store, told)
    store.record_events([event("silver.orders")])
    told.refuses, told.refusal = True, NotAccepted
    passes = [agent.poll() for _ in range(3)]
    assert [(done.alerts_failed, done.alerts_waiting) for done in passes] == [(1, 0), (1, 0), (0, 1)]
    told.refuses = False
    store.record_events([event("silver.sellers")])
    passes = [agent.poll() for _ in range(3)]
    assert [(done.alerts_sent, done.alerts_waiting) for done in passes] == [(1, 1), (1, 0), (0, 0)]


def test_a_channel_that_is_away_is_left_alone_and_no_alert_is_left_behind(store: Opstore, told: Told) -> None:
    agent = agent_on(store, told)
    store.record_events([event(f"silver.t{number}") for number in range(7)])
    told.refuses = True
    passes = [agent.poll() for _ in range(3)]
    assert [(done.alerts_failed, done.alerts_waiting) for done in passes] == [(3, 4)] * 3
    tried = store.query("SELECT incident_id FROM ops_alerts WHERE phase = 'failed' GROUP BY incident_id")
    assert len(tried) == 7, "each has had its turn"
    told.refuses = False
    done = agent.poll()
    assert (done.alerts_sent, done.alerts_waiting) == (7, 0)


def test_an_incident_that_is_over_before_its_alert_was_sent_is_still_told_of(store: Opstore, told: Told) -> None:
    told.refuses = True
    store.record_events([event("silver.orders", check="unique")])
    agent_on(store, told).poll()
    ran(store, "2.silver", "silver", "success", passed())
    told.refuses = False
    agent_on(store, told).poll()
    assert [view.state for view in told.last] == ["resolved"]


def test_a_channel_that_is_new_hears_nothing_of_what_was_told_and_is_over(store: Opstore, told: Told) -> None:
    store.record_events([event("silver.orders", check="unique")])
    agent_on(store, told).poll()
    ran(store, "2.silver", "silver", "success", passed())
    agent_on(store, told).poll()
    other = Told("other")
    assert agent_on(store, other).poll().alerts_sent == 0


# Advice


def advice(view: IncidentView, past: object) -> Advice:
    action = Action(f"look at {view.root}")
    return Advice((action, action, action), "runbook")


def test_advice_is_in_the_first_alert_and_its_failure_does_not_keep_the_alert_back(store: Opstore, told: Told) -> None:
    def broken(view: IncidentView, past: object) -> Advice:
        raise TimeoutError

    agent = agent_on(store, told)
    store.record_events([event("silver.orders")])
    agent.advisor = advice
    agent.poll()
    assert told.last[0].advice is not None
    store.record_events([event("silver.sellers")])
    agent.advisor = broken
    assert agent.poll().alerts_sent == 1


def test_provisional_advice_is_given_once_more_when_a_model_may_be_asked_and_never_a_third_time(
    store: Opstore, told: Told
) -> None:
    agent = agent_on(store, told)
    agent.advisor = lambda view, past: replace(advice(view, past), provisional=True)
    store.record_events([event("silver.orders")])
    assert [agent.poll().advised for _ in range(3)] == [1, 0, 0]
    store.record_events([event("silver.orders", minutes=-5, message="again")])
    assert agent.poll().advised == 0
    agent.may_ask = lambda: True
    assert agent.poll().advised == 0, "nobody was asked, so the one more time is left"
    agent.advisor = lambda view, past: replace(advice(view, past), asked=1, provisional=True)
    polls = [agent.poll() for _ in range(3)]
    assert [(poll.advised, poll.alerts_edited) for poll in polls] == [(1, 1), (0, 0), (0, 0)]


def test_advice_that_a_model_could_give_again_stays_as_it_is(store: Opstore, told: Told) -> None:
    agent = agent_on(store, told)
    agent.advisor, agent.may_ask = advice, lambda: True
    store.record_events([event("silver.orders")])
    assert [agent.poll().advised for _ in range(2)] == [1, 0]


def test_the_advisor_is_told_how_the_same_failure_was_closed_before(store: Opstore, told: Told) -> None:
    asked: list[list[Past]] = []

    def remembering(view: IncidentView, past: object) -> Advice:
        assert isinstance(past, list)
        asked.append(past)
        return advice(view, past)

    agent = agent_on(store, told, reopen_days=-1)
    agent.advisor = remembering
    store.record_events([event("silver.orders", check="unique", minutes=-30)])
    agent.poll()
    store.record_checks("good", [passed()], at(-20))
    agent.poll()
    store.record_events([event("silver.orders", check="unique", minutes=-10)])
    agent.poll()
    assert [len(past) for past in asked] == [0, 1]
    assert "the same check passed" in asked[1][0].reason
