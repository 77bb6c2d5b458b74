"""Arrow columns from whole numbers.

Money is in cents, coordinates in units of 10⁻¹⁴ degrees, moments in seconds since 1970: they become decimals and
timestamps, whose text is the same on every machine. Floats never reach a file.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from olist.source.synthetic.draws import Draws, Flags, Ints

__all__ = ["DEGREE", "coordinates", "ids", "labels", "moments", "money", "taken", "whole"]

DEGREE = 10**14
"""One degree in the units of `coordinates`."""

ID_DIGITS = 32


def ids(draws: Draws, name: str, n: int) -> pa.Array:
    """`n` identifiers of 32 hexadecimal digits; with 128 random bits each, two alike are not to be expected."""
    text = draws.bits(name, 2 * n).astype("<u8").tobytes().hex().encode("ascii")
    offsets = np.arange(0, ID_DIGITS * n + 1, ID_DIGITS, dtype=np.int64)
    return pa.Array.from_buffers(pa.large_string(), n, [None, pa.py_buffer(offsets), pa.py_buffer(text)])


def taken(values: pa.Array, index: Ints) -> pa.Array:
    """The elements of `values` at `index`."""
    return values.take(pa.array(index))


def labels(texts: Sequence[str | None], index: Ints) -> pa.Array:
    """`texts` at `index`, a text kept once however often it is named. An index of -1 is NULL."""
    positions = pa.array(index.astype(np.int32), mask=index < 0)
    return pa.DictionaryArray.from_arrays(positions, pa.array(texts, type=pa.string()))


def whole(values: Ints, known: Flags | None = None) -> pa.Array:
    """Whole numbers; NULL where not `known`."""
    return pa.array(values, mask=None if known is None else ~known)


def moments(seconds: Ints, known: Flags | None = None) -> pa.Array:
    """Timestamps to the second, without a time zone; NULL where not `known`."""
    return pa.array(seconds.astype("datetime64[s]"), mask=None if known is None else ~known)


def money(cents: Ints, known: Flags | None = None) -> pa.Array:
    """Amounts with two decimals; NULL where not `known`."""
    return _decimal(cents, 2, known)


def coordinates(units: Ints) -> pa.Array:
    """Degrees with fourteen decimals, as many as the real data's."""
    return _decimal(units, 14, None)


def _decimal(units: Ints, digits: int, known: Flags | None) -> pa.Array:
    # Arrow keeps a decimal as a 128-bit integer, low half first: the number itself, then its sign extended.
    halves = np.stack((units, units >> 63), axis=1).astype("<i8")
    valid = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.decimal128(19, digits), units.size, [valid, pa.py_buffer(halves)])
