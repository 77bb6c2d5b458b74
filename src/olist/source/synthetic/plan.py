"""What is asked of one generation: which contracts, how much, from which seed.

Every module that makes a table starts from a `Plan`. Base counts are the real data's at scale 1; `count` scales them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa

from olist.contracts import Column, Contract
from olist.source.synthetic.draws import Draws

__all__ = ["Columns", "Plan"]

Columns: TypeAlias = dict[str, pa.Array]
"""A table that was made: its arrays, of equal length, by the names that the contract gives the columns."""

TINY = 0.01
"""Scales below this one make too few rows for each quirk to be found at least once."""

RARE = 1000
"""A value that a contract knows and this package does not is given one row in so many."""


@dataclass(frozen=True)
class Plan:
    """`scale` 1.0 is the real data's size, 99,441 orders."""

    contracts: Mapping[str, Contract]
    scale: float
    seed: int

    def count(self, base: int) -> int:
        """`base` things of the real data at this scale; at least one, unless the scale is tiny."""
        scaled = round(base * self.scale)
        return max(scaled, 1) if base and self.scale >= TINY else scaled

    def rows(self, base: int) -> int:
        """Rows of a table that cannot be empty."""
        return max(round(base * self.scale), 1)

    def draws(self, concern: str) -> Draws:
        return Draws(self.seed).within(concern)

    def column(self, table: str, name: str) -> Column | None:
        """A column of a contract; None when the contract no longer has it."""
        return next((c for c in self.contracts[table].columns if c.name == name), None)

    def domain(self, table: str, name: str, shares: Mapping[str, int]) -> dict[str, int]:
        """The values that the contract allows in a column, with their `shares`.

        A value of which `shares` knows nothing becomes a rare one; one that the contract does not allow is left out.
        """
        column = self.column(table, name)
        if column is None or not column.values:
            return dict(shares)
        rare = max(sum(shares.values()) // RARE, 1)
        return {value: shares.get(value, rare) for value in column.values}
