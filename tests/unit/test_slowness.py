"""What counts as a slow model: far from its own history, and no trifle; silent while there is little history."""

from __future__ import annotations

import random

from openclaw.slowness import LEARNING, Duration, checks, events, judge

MODEL = "model.shop.fct_orders"
NIGHTS = [{MODEL: 30.0 + n % 3} for n in range(30)]


def only(seconds: float, history: list[dict[str, float]]) -> Duration:
    (found,) = judge({MODEL: seconds}, history)
    return found


def test_a_model_that_takes_far_longer_is_slow_and_says_by_how_much() -> None:
    found = only(95.0, NIGHTS)
    assert found.is_slow
    assert str(found) == "fct_orders took 95.0 s, usual is 31.0 s, give or take 10% (30 runs)"


def test_in_its_first_invocations_a_model_is_not_judged() -> None:
    assert judge({MODEL: 9000.0}, NIGHTS[: LEARNING - 1]) == []
    assert judge({"model.shop.new": 9000.0}, NIGHTS) == []


def test_what_was_always_noisy_may_go_on_being_so() -> None:
    source = random.Random(5)
    nights = [{MODEL: source.lognormvariate(3, 0.5)} for _ in range(60)]
    assert not any(only(source.lognormvariate(3, 0.5), nights).is_slow for _ in range(300))


def test_a_trifle_is_no_alarm_however_far_from_usual() -> None:
    assert not only(4.0, [{MODEL: 0.1}] * 30).is_slow, "a few seconds"
    assert not only(55.0, [{MODEL: 30.0}] * 30).is_slow, "not twice as long"


def test_slow_nights_of_the_past_do_not_hide_one_of_today() -> None:
    assert only(95.0, [*NIGHTS, *[{MODEL: 900.0}] * 10]).is_slow


def test_a_new_level_becomes_usual_once_it_is_most_of_the_history() -> None:
    assert not only(95.0, [*NIGHTS, *[{MODEL: 95.0}] * 31]).is_slow


def test_a_faster_model_is_no_slow_one() -> None:
    assert not only(0.1, NIGHTS).is_slow


def test_where_many_models_are_slow_it_is_one_event_of_the_invocation() -> None:
    names = [f"model.shop.m{n}" for n in range(5)]
    history = [dict.fromkeys(names, 10.0)] * 30
    all_slow = judge(dict.fromkeys(names, 60.0), history)
    (event,) = events("dbt:1", "dbt build", "2030-01-01T10:00:00.000Z", all_slow)
    assert (event.resource, event.type) == ("dbt build", "DBT_MODEL_SLOW")
    assert {n["node"] for n in event.evidence["numbers"]} == set(names)  # type: ignore[attr-defined]
    one_slow = judge(dict.fromkeys(names, 10.0) | {names[0]: 60.0}, history)
    (event,) = events("dbt:1", "dbt build", "2030-01-01T10:00:00.000Z", one_slow)
    assert event.resource == names[0]
    failed = {c.asset: c.status for c in checks("dbt build", one_slow)}
    assert failed == dict.fromkeys([*names, "dbt build"], "pass") | {names[0]: "fail"}
