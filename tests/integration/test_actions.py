"""What people do to incidents: with their name, with a reason, once, and never over what has changed meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents import Told, agent_on, event, ran
from openclaw import actions
from openclaw.actions import CannotDo, NoSuchIncident
from opstore.store import Check, Opstore


@pytest.fixture
def store(tmp_path: Path) -> Opstore:
    return Opstore(tmp_path / "opstore.sqlite")


def opened(store: Opstore, *resources: str, told: Told | None = None) -> list[str]:
    """Incidents of these resources, by id."""
    store.record_events(event(r, check="unique", run="1.silver") for r in resources)
    agent_on(store, told or Told()).poll()
    by_root = {i.root: i.incident_id for i in actions.find_incidents(store)}
    return [by_root[r] for r in resources]


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def test_an_acknowledgement_is_shown_in_the_message_with_its_name(store: Opstore) -> None:
    told = Told()
    (incident,) = opened(store, "silver.orders", told=told)
    actions.acknowledge(store, incident, actor="Ana")
    agent_on(store, told).poll()
    ((first, last),) = told.messages.values()
    assert (first.state, last.state, last.acknowledged_by) == ("open", "acknowledged", "Ana")


def test_a_resolution_keeps_name_and_reason_and_tells_the_next_of_the_same_cause(store: Opstore) -> None:
    (incident,) = opened(store, "silver.orders")
    actions.resolve(store, incident, actor="Ana", reason="the producer sent the file again")
    done = actions.get_incident(store, incident)
    assert (done.state, done.actor, done.reason) == ("resolved", "Ana", "the producer sent the file again")
    assert [row["change"] for row in actions.timeline(store, incident)] == ["opened", "resolved"]
    assert actions.find_incidents(store) == []
    assert [i.incident_id for i in actions.find_incidents(store, state="any")] == [incident]


@pytest.mark.parametrize("missing", ["actor", "reason"])
def test_a_resolution_without_name_or_reason_is_refused(store: Opstore, missing: str) -> None:
    (incident,) = opened(store, "silver.orders")
    with pytest.raises(CannotDo):
        actions.resolve(store, incident, **({"actor": "Ana", "reason": "mended"} | {missing: "  "}))
    assert actions.get_incident(store, incident).state == "open"


def test_what_is_resolved_is_neither_resolved_nor_acknowledged_nor_muted_again(store: Opstore) -> None:
    (incident,) = opened(store, "silver.orders")
    actions.resolve(store, incident, actor="Ana", reason="mended")
    with pytest.raises(CannotDo, match="resolved by Ana"):
        actions.resolve(store, incident, actor="Bea", reason="me too")
    with pytest.raises(CannotDo):
        actions.acknowledge(store, incident, actor="Bea")
    with pytest.raises(CannotDo):
        actions.mute(store, incident, until=in_an_hour(), actor="Bea", reason="noise")
    assert actions.silences(store) == []


def test_an_unknown_incident_is_said_to_be_unknown(store: Opstore) -> None:
    with pytest.raises(NoSuchIncident, match="inc-none"):
        actions.acknowledge(store, "inc-none", actor="Ana")


def test_a_mute_keeps_the_alert_back_until_it_expires(store: Opstore) -> None:
    told = Told()
    (incident,) = opened(store, "silver.orders", told=told)
    silence = actions.mute(store, incident, until=in_an_hour(), actor="Ana", reason="known")
    store.record_events([event("silver.orders", check="unique", minutes=-1, run="2.silver")])
    assert agent_on(store, told).poll().alerts_edited == 0
    actions.end_silence(store, silence.silence_id, actor="Ana", reason="no longer")
    assert agent_on(store, told).poll().alerts_edited == 1
    assert told.last[0].count == 2


def test_an_expired_silence_holds_nothing_back(store: Opstore) -> None:
    told, soon = Told(), datetime.now(UTC) + timedelta(milliseconds=50)
    silence = actions.add_maintenance(
        store, "silver.*", starts_at=datetime.now(UTC), ends_at=soon, actor="Ana", reason="migration"
    )
    while silence.holds():
        pass
    opened(store, "silver.orders", told=told)
    assert len(told.messages) == 1
    assert actions.silences(store) == []


def test_maintenance_holds_back_what_its_pattern_names_and_tells_of_it_afterwards(store: Opstore) -> None:
    told = Told()
    window = actions.add_maintenance(
        store, "silver.*", starts_at=datetime.now(UTC), ends_at=in_an_hour(), actor="Ana", reason="migration"
    )
    opened(store, "silver.orders", "gold.fact_orders", told=told)
    assert [view.root for view in told.last] == ["gold.fact_orders"]
    actions.end_silence(store, window.silence_id, actor="Ana", reason="done")
    agent_on(store, told).poll()
    assert {view.root for view in told.last} == {"gold.fact_orders", "silver.orders"}


@pytest.mark.parametrize("hours", [-1, 0])
def test_a_silence_without_an_end_to_come_is_refused(store: Opstore, hours: int) -> None:
    (incident,) = opened(store, "silver.orders")
    with pytest.raises(CannotDo, match="expire"):
        actions.mute(store, incident, until=datetime.now(UTC) + timedelta(hours=hours), actor="Ana", reason="noise")


def test_incidents_are_found_by_state_severity_and_words(store: Opstore) -> None:
    orders, sellers = opened(store, "silver.orders", "silver.sellers")
    actions.acknowledge(store, orders, actor="Ana")
    assert [i.incident_id for i in actions.find_incidents(store, state="acknowledged")] == [orders]
    assert [i.incident_id for i in actions.find_incidents(store, text="SELLERS")] == [sellers]
    assert actions.find_incidents(store, severity="P2") == []
    assert len(actions.find_incidents(store, limit=1)) == 1


def test_a_check_that_passes_after_a_person_resolved_it_changes_nothing(store: Opstore) -> None:
    (incident,) = opened(store, "silver.orders")
    actions.resolve(store, incident, actor="Ana", reason="mended by hand")
    ran(store, "2.silver", "silver", "success", Check("silver.orders", "unique", "uniqueness", "error", "pass", 0))
    agent_on(store, Told()).poll()
    assert actions.get_incident(store, incident).actor == "Ana"


def test_how_the_same_cause_was_closed_before_is_found(store: Opstore) -> None:
    (first,) = opened(store, "silver.orders")
    actions.resolve(store, first, actor="Ana", reason="the producer sent the file again")
    agent = agent_on(store, Told(), reopen_days=0)
    store.record_events([event("silver.orders", check="unique", minutes=1, run="2.silver")])
    agent.poll()
    (again,) = actions.find_incidents(store)
    assert [i.reason for i in actions.similar(store, again)] == ["the producer sent the file again"]


def test_names_and_reasons_hold_no_secret(store: Opstore) -> None:
    (incident,) = opened(store, "silver.orders")
    actions.resolve(store, incident, actor="ana@example.com", reason="reset password=hunter22hunter22")
    done = actions.get_incident(store, incident)
    assert "hunter22" not in f"{done.actor} {done.reason}"
    assert "example.com" not in done.actor
