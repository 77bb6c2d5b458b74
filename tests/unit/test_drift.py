"""What counts as far from usual: robust against outliers, by weekday, and silent while there is little history."""

from __future__ import annotations

import random
from datetime import date, timedelta

from olist.monitor.drift import LEARNING_DAYS, judge

TODAY = date(2026, 3, 16)  # a Monday


def days(values: list[float]) -> dict[date, float]:
    """The values of the days before today, the last one yesterday's."""
    return {TODAY - timedelta(days=len(values) - i): value for i, value in enumerate(values)}


def noisy(middle: float, spread: float, number: int = 40) -> list[float]:
    source = random.Random(7)
    return [source.gauss(middle, spread) for _ in range(number)]


def growing(per_day: list[float]) -> dict[date, float]:
    levels = [1000.0]
    for added in per_day:
        levels.append(levels[-1] + added)
    return days(levels)


def test_in_the_first_days_nothing_is_far() -> None:
    assert judge("orders", "price:mean", TODAY, 1e9, days([5.0] * (LEARNING_DAYS - 1))) is None
    assert judge("orders", "rows", TODAY, 1e9, days([5.0] * LEARNING_DAYS)) is None, "n levels are n - 1 growths"
    assert judge("orders", "rows", TODAY, 5.0, {}) is None


def test_a_mean_that_jumps_is_far_and_says_from_what() -> None:
    found = judge("order_items", "price:mean", TODAY, 240.0, days(noisy(120, 2)))
    assert found is not None
    assert found.is_far
    assert found.column == "price"
    assert abs(found.usual - 120) < 2
    assert "price:mean is 240, usual is 1" in str(found)


def test_what_strays_as_it_always_did_is_not_far() -> None:
    history = noisy(120, 2, 70)
    judged = [judge("t", "c:mean", TODAY, value, days(history)) for value in noisy(120, 2, 300)]
    assert not any(d.is_far for d in judged if d)


def test_outliers_of_the_past_do_not_hide_one_of_today() -> None:
    history = noisy(120, 2)
    history[5] = history[20] = history[33] = 5000.0
    found = judge("t", "c:mean", TODAY, 240.0, days(history))
    assert found is not None
    assert found.is_far


def test_a_weekday_is_compared_with_its_like() -> None:
    """Mondays bring ten times as much: that is usual on a Monday, and would be far on a Tuesday."""
    first = TODAY - timedelta(days=70)
    added = [1000.0 if (first + timedelta(days=n + 1)).weekday() == 0 else 100.0 for n in range(69)]
    history = growing(added)
    level = max(history.values())
    monday = judge("orders", "rows", TODAY, level + 1000, history)
    assert monday is not None
    assert not monday.is_far
    assert monday.basis == "Mondays"
    quiet = judge("orders", "rows", TODAY, level + 100, history)
    assert quiet is not None
    assert quiet.is_far
    tuesday = TODAY + timedelta(days=1)
    busy = judge("orders", "rows", tuesday, level + 2000, history | {TODAY: level + 1000})
    assert busy is not None
    assert busy.is_far


def test_rows_that_stop_coming_and_rows_that_go_are_far_and_a_table_that_never_changes_is_not() -> None:
    history = growing([100.0 + n % 3 for n in range(69)])
    level = max(history.values())
    for rows in (level, level / 2):
        found = judge("orders", "rows", TODAY, rows, history)
        assert found is not None
        assert found.is_far
        assert found.column is None
    still = judge("states", "rows", TODAY, 27.0, days([27.0] * 30))
    assert still is not None
    assert not still.is_far


def test_a_constant_that_moves_a_little_is_no_news_and_one_that_moves_much_is() -> None:
    steady = days([0.2] * 30)
    near, far = (judge("t", "c:missing", TODAY, value, steady) for value in (0.21, 0.4))
    assert near is not None
    assert far is not None
    assert (near.is_far, far.is_far) == (False, True)


def test_what_is_older_than_the_window_does_not_count() -> None:
    old = {TODAY - timedelta(days=200 + n): 5.0 for n in range(60)}
    assert judge("t", "c:mean", TODAY, 500.0, old) is None
