"""Random draws that are the same on every machine.

Each draw has a name, and each name a stream of its own: adding or removing one leaves all others as they were.

numpy promises that a bit generator's raw stream never changes; it promises nothing of the kind for `Generator`, whose
normal and exponential draws also pass through the platform's libm. So everything here is made from raw bits by
additions, subtractions, multiplications and divisions, which IEEE 754 defines to the last bit, and never by `np.interp`
(it may be compiled to fused multiply-adds) or a sum of floats (its order depends on the width of vectors). The other
modules keep to the same operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "Draws", "Flags", "Floats", "Ints", "allot", "at", "ranked"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEVELS = (0.0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0)
"""The probabilities at which every quantile curve of this package gives its values."""


@dataclass(frozen=True)
class Draws:
    """Named streams of one seed. `scope` keeps the names of one concern apart from another's."""

    seed: int
    scope: str = ""

    def within(self, scope: str) -> Draws:
        return replace(self, scope=f"{self.scope}/{scope}")

    def bits(self, name: str, n: int) -> NDArray[np.uint64]:
        """`n` × 64 raw bits."""
        path = f"{self.scope}/{name}".encode()
        raw = np.random.PCG64(np.random.SeedSequence([self.seed, *path])).random_raw(n)
        return np.asarray(raw, dtype=np.uint64)

    def unit(self, name: str, n: int) -> Floats:
        """`n` numbers, uniform in [0, 1), multiples of 2⁻⁵³."""
        high: Floats = (self.bits(name, n) >> np.uint64(11)).astype(np.float64)
        return high * 2.0**-53

    def below(self, name: str, n: int, bound: int) -> Ints:
        """`n` whole numbers, uniform from 0 to `bound` - 1; `bound` is at most 2³²."""
        scaled = (self.bits(name, n) >> np.uint64(32)) * np.uint64(bound)
        return (scaled >> np.uint64(32)).astype(np.int64)

    def chance(self, name: str, n: int, share: float) -> Flags:
        """`n` flags, each true with probability `share`."""
        hit: Flags = self.unit(name, n) < share
        return hit

    def shuffle(self, name: str, n: int) -> Ints:
        """A permutation of 0 … n - 1."""
        return np.argsort(self.bits(name, n), kind="stable").astype(np.int64)

    def sample(self, name: str, pool: Ints, k: int) -> Ints:
        """`k` different elements of `pool`, all of it where it holds fewer."""
        return pool[self.shuffle(name, pool.size)[:k]]

    def pick(self, name: str, n: int, weights: Ints | Sequence[int]) -> Ints:
        """`n` indices into `weights`, each as likely as its weight."""
        edges = np.cumsum(np.asarray(weights, dtype=np.int64))
        return np.searchsorted(edges, self.below(name, n, int(edges[-1])), side="right").astype(np.int64)

    def curve(self, name: str, n: int, values: Sequence[float]) -> Floats:
        """`n` draws from the distribution whose quantiles at LEVELS are `values`."""
        return at(values, self.unit(name, n))

    def bell(self, name: str, n: int) -> Floats:
        """`n` draws from a bell within (-3, 3), mean 0, standard deviation 1: the sum of three uniform ones."""
        one, two, three = (self.unit(f"{name}.{k}", n) for k in range(3))
        return (one + two + three - 1.5) * 2.0


def at(values: Sequence[float], u: Floats) -> Floats:
    """The quantiles at `u` (each in [0, 1)) of a distribution with the quantiles `values` at LEVELS; linear between."""
    levels, known = np.asarray(LEVELS), np.asarray(values, dtype=np.float64)
    k = np.searchsorted(levels, u, side="right") - 1
    way: Floats = (u - levels[k]) / (levels[k + 1] - levels[k])
    rise: Floats = (known[k + 1] - known[k]) * way
    return known[k] + rise


def ranked(scores: Floats, ties: Ints | None = None) -> Floats:
    """Each score's rank as a number in (0, 1): whatever the scores' distribution was, this one is uniform.

    Feeding the result to a quantile curve gives that curve's distribution exactly, in the order of the scores. `ties`
    orders equal scores; by default their position does.
    """
    order = np.argsort(scores, kind="stable") if ties is None else np.lexsort((ties, scores))
    rank: Floats = np.empty(scores.size, dtype=np.float64)
    rank[order] = (np.arange(scores.size) + 0.5) / max(scores.size, 1)
    return rank


def allot(total: int, weights: Ints | Sequence[int], minimum: int = 0) -> Ints:
    """`total` things shared out by weight: whole numbers that add up to `total`, none below `minimum`.

    A share is at most one off its exact value; equal ones, where no weight is above 0. Where `total` is too small for
    the minimum, the first get it and the rest nothing.
    """
    parts: Ints = np.asarray(weights, dtype=np.int64)
    if parts.size == 0:
        return parts
    edges = np.cumsum(parts if parts.any() else np.ones_like(parts))
    floor = np.minimum(minimum, np.maximum(total - minimum * np.arange(parts.size, dtype=np.int64), 0))
    reached = (edges * (total - int(floor.sum())) + edges[-1] // 2) // edges[-1]
    shares: Ints = floor + np.diff(reached, prepend=0)
    return shares
