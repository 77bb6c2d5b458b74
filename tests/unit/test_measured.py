"""What a check that failed says of itself."""

from __future__ import annotations

import pytest

from olist.quality.suites import Measured


@pytest.mark.parametrize(
    ("failures", "rows", "tolerated", "said"),
    [
        (2, 993, 0.002, "2 of 993 rows (0.201%), tolerated 0.200%"),
        (1, 994, 0.0, "1 of 994 rows (0.10%), tolerated 0.00%"),
        (1, 1_550_922, 0.0, "1 of 1,550,922 rows (0.0001%), tolerated 0.0000%"),
        (200_001, 100_000_000, 0.002, "200,001 of 100,000,000 rows (0.200001%), tolerated 0.200000%"),
    ],
)
def test_a_share_that_is_not_tolerated_never_reads_like_the_one_that_is(
    failures: int, rows: int, tolerated: float, said: str
) -> None:
    measured = Measured("x", "x", "error", "", None, tolerated, failures / rows, failures, rows, columns=("price",))
    check = measured.outcome("silver.orders", passed=False)
    assert (check.message, check.columns) == (said, ("price",))
