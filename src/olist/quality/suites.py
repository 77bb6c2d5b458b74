"""Expectations and what was measured for them, and how they become Great Expectations suites.

What is judged is a row of metrics: one per silver table (each rule's share of broken rows) and one per bronze file. The row has a column
per check, so a suite is a list of bounds on these columns, and its cost does not grow with the data (docs/decisions/0010).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from olist.promises import Severity
from opstore.store import Check

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.expectations import Expectation as GxExpectation

__all__ = ["Asset", "Measured", "gx_suite"]


@dataclass(frozen=True)
class Measured:
    """One expectation of an asset, and what was measured for it.

    `check` is unique within its asset. `observed` must lie between `minimum` and `maximum` (None: unbounded). `failures` is the rows that
    count against it, None where it is no matter of rows. `sample` fetches examples of them; it is called only when the check failed.
    `columns` are those that it speaks of, as silver names them.
    """

    check: str
    kind: str
    severity: Severity
    description: str
    minimum: float | None
    maximum: float | None
    observed: float
    failures: int | None = None
    rows: int | None = None
    sample: Callable[[], str] | None = None
    columns: tuple[str, ...] = ()

    def outcome(self, asset: str, passed: bool) -> Check:
        """The check to record; for a failed one the message says what was found and shows rows."""
        message = None if passed else "; ".join(part for part in (self._found(), self._shown()) if part)
        failures = self.failures if self.failures is not None else int(not passed)
        status = "pass" if passed else "fail"
        return Check(asset, self.check, self.kind, self.severity, status, failures, message, self.columns)  # type: ignore[arg-type]

    def _found(self) -> str:
        if self.failures is not None and self.rows is not None and self.maximum is not None:
            found, tolerated = _shares(self.observed, self.maximum)
            return f"{self.failures:,} of {self.rows:,} rows ({found}), tolerated {tolerated}"
        bounds = [f"at least {self.minimum:g}"] if self.minimum is not None else []
        bounds += [f"at most {self.maximum:g}"] if self.maximum is not None else []
        return f"{self.observed:g}, expected {' and '.join(bounds)}"

    def _shown(self) -> str:
        return self.sample() if self.sample is not None else ""


def _shares(*shares: float) -> list[str]:
    """In percent, with so many decimals, from two on, that what differs looks different."""
    written = ([f"{share:.{decimals}%}" for share in shares] for decimals in range(2, 10))
    return next((texts for texts in written if len(set(texts)) == len(set(shares))), [f"{s:.2%}" for s in shares])


@dataclass(frozen=True)
class Asset:
    """A table of a layer, as `silver.orders`, with all that is expected of it."""

    name: str
    measured: Sequence[Measured]


def gx_suite(asset: Asset) -> ExpectationSuite:
    """The asset's suite."""
    from great_expectations.core import ExpectationSuite  # slow to import

    return ExpectationSuite(name=asset.name, expectations=[_gx_expectation(m) for m in asset.measured])


def _gx_expectation(m: Measured) -> GxExpectation:
    import great_expectations.expectations as gxe

    told = {
        "column": m.check,
        "description": f"{m.check}: {m.description}",
        "severity": "critical" if m.severity == "error" else "warning",
        "meta": {"check": m.check, "kind": m.kind},
    }
    if m.minimum is None:
        return gxe.ExpectColumnMaxToBeBetween(max_value=m.maximum, **told)
    if m.maximum is None:
        return gxe.ExpectColumnMinToBeBetween(min_value=m.minimum, **told)
    return gxe.ExpectColumnValuesToBeBetween(min_value=m.minimum, max_value=m.maximum, **told)
