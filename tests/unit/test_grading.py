"""The grading of scenarios tells right from wrong."""

from __future__ import annotations

import pytest

from scenarios.grading import faults_of

RIGHT = ("silver.orders", "duplicate_key", "P1", "open")


def test_the_truth_is_without_fault_in_any_order() -> None:
    other = ("silver.sellers", "unknown", "P2", "open")
    assert faults_of([other, RIGHT], [RIGHT, other]) == []
    assert faults_of([], []) == []


@pytest.mark.parametrize(
    "wrong",
    [
        ("silver.sellers", *RIGHT[1:]),
        (RIGHT[0], "unknown", *RIGHT[2:]),
        (*RIGHT[:2], "P2", RIGHT[3]),
        (*RIGHT[:3], "resolved"),
    ],
)
def test_another_root_category_severity_or_state_is_wrong(wrong: tuple[str, str, str, str]) -> None:
    assert len(faults_of([wrong], [RIGHT])) == 2


@pytest.mark.parametrize(("found", "truths"), [([], [RIGHT]), ([RIGHT], []), ([RIGHT, RIGHT], [RIGHT])])
def test_a_missing_alert_and_one_too_many_are_wrong(
    found: list[tuple[str, str, str, str]], truths: list[tuple[str, str, str, str]]
) -> None:
    assert len(faults_of(found, truths)) == 1
