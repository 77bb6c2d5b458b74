"""Geometry of a chart: shares of its width, so that it fits any screen without a script, and pixels of its height.

Values come in as numbers or None (nothing there, which is not zero), and go out as places; words are the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["HEIGHT", "Axis", "Bar", "Label", "Line", "axis", "columns", "labels", "line"]

HEIGHT = 196
"""Pixels of the plot."""
_TICKS, _FILLED = 4, 0.7
_LABELS = 8
"""Labels under a wide chart; a narrow one shows every second of them."""

Number = float | None


@dataclass(frozen=True)
class Axis:
    """Ticks as (y, value) from the lowest, and where a value lies."""

    low: float
    high: float
    ticks: tuple[tuple[float, float], ...]

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return round(HEIGHT * (1 - (value - self.low) / (self.high - self.low)), 1)


@dataclass(frozen=True)
class Bar:
    """A column, or a piece of a stacked one: `index` of its category, `series` of its metric; shares of the width, pixels."""

    index: int
    series: int
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True)
class Line:
    """Segments as (x1, y1, x2, y2) between neighbours that have values, and dots as (index, x, y)."""

    segments: tuple[tuple[float, float, float, float], ...]
    dots: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True)
class Label:
    """A category's label: `narrow` ones are shown on a phone too."""

    x: float
    text: str
    narrow: bool


def axis(values: Sequence[Number], *, from_zero: bool = True) -> Axis:
    """A scale of round numbers over the values, from zero unless it is told not to."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if from_zero or low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    step = _round((high - low) / _TICKS or 1.0)
    first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
    scale = Axis(first * step, last * step, ())
    return Axis(scale.low, scale.high, tuple((scale.y(n * step), n * step) for n in range(first, last + 1)))


def columns(series: Sequence[Sequence[Number]], scale: Axis) -> Iterator[Bar]:
    """Columns of one series, or stacks of several."""
    slot = 100 / max(len(series[0]), 1)
    for index in range(len(series[0])):
        base = 0.0
        for number, values in enumerate(series):
            value = values[index]
            if value:
                top = scale.y(base + value)
                x = round(slot * (index + (1 - _FILLED) / 2), 3)
                yield Bar(index, number, x, round(slot * _FILLED, 3), top, round(scale.y(base) - top, 1))
                base += value


def line(values: Sequence[Number], scale: Axis) -> Line:
    """A line through the middles of the categories, broken where there is no value."""
    slot = 100 / max(len(values), 1)
    places = [None if value is None else (round(slot * (i + 0.5), 3), scale.y(value)) for i, value in enumerate(values)]
    return Line(
        tuple((*a, *b) for a, b in pairwise(places) if a and b),
        tuple((i, *place) for i, place in enumerate(places) if place),
    )


def labels(count: int, text: Callable[[int], str]) -> Iterator[Label]:
    """As many labels as fit, evenly spread."""
    every = max(1, math.ceil(count / _LABELS))
    for index in range(0, count, every):
        narrow = count <= _LABELS - 2 or (index // every) % 2 == 0
        yield Label(round(100 / count * (index + 0.5), 3), text(index), narrow)


def _round(step: float) -> float:
    """The next of 1, 2, 2.5, 5 or 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(nice * power for nice in (1, 2, 2.5, 5, 10) if nice * power >= step * 0.999)
