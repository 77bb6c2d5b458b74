"""Values for columns that a contract has and this package does not know: made from the contract alone.

That is how the generator follows a contract which evolves: a new column has values of its type, inside its domain,
equal on every machine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from olist.contracts import Column
from olist.errors import ContractError
from olist.source.synthetic.columns import labels, moments, money, taken, whole
from olist.source.synthetic.draws import Draws, Flags, Ints
from olist.source.synthetic.plan import Columns
from olist.source.synthetic.seasons import DAY

__all__ = ["invent"]

NULL_SHARE = 0.05
"""Share of NULLs where a column allows them."""

VARIETY = 1_000
"""Different texts at most."""

SPAN = 1_000
"""Distance between the bounds of a number of which the contract gives one bound or none."""

FIRST, LAST = (int(np.datetime64(d, "s").astype(np.int64)) for d in ("2017-01-01", "2018-08-31"))
"""Bounds of timestamps, seconds since 1970."""

_PIECE = re.compile(r"(\[[^\]^]+\]|\\.|[^\\\[\](){}|^$*+?])(?:\{(\d+)(?:,(\d*))?\}|([*+?]))?")
_OPEN = 3
"""How far a repetition without an upper bound goes beyond its lower one."""

_CLASSES = {r"\d": "0123456789", r"\w": "abcdefghijklmnopqrstuvwxyz", r"\s": " ", ".": "abcdefghijklmnopqrstuvwxyz"}


def invent(draws: Draws, column: Column, rows: int, tables: Mapping[str, Columns]) -> pa.Array:
    """`rows` values for a column; one that refers to another of the `tables` takes its values from there.

    Raises ContractError for a type or a pattern that it cannot follow.
    """
    draws = draws.within(f"invented/{column.name}")
    known = ~draws.chance("null", rows, 0.0 if column.required else NULL_SHARE)
    reference = column.reference
    if reference is not None and reference.column in tables.get(reference.table, {}):
        parent = tables[reference.table][reference.column]
        return taken(parent, draws.below("parent", rows, len(parent)))
    if column.values or column.logical_type == "string":
        texts = column.values or _texts(draws, column)
        return labels(texts, np.where(known, draws.below("text", rows, len(texts)), -1))
    return _scalars(draws, column, rows, known)


def _scalars(draws: Draws, column: Column, rows: int, known: Flags) -> pa.Array:
    match column.logical_type:
        case "integer":
            return whole(_between(draws, column, rows, 1), known)
        case "number":
            return money(_between(draws, column, rows, 100), known)
        case "timestamp":
            return moments(FIRST + draws.below("value", rows, LAST - FIRST), known)
        case "date":
            day = draws.below("value", rows, (LAST - FIRST) // DAY)
            return moments(FIRST + day * DAY, known).cast(pa.date32())
        case "boolean":
            return pa.array(draws.chance("value", rows, 0.5), mask=~known)
        case other:
            raise ContractError(
                "the synthetic generator cannot make a column of this type",
                resource=column.name,
                expected="string, integer, number, timestamp, date or boolean",
                found=other,
                remedy="correct the column's logicalType, or teach olist.source.synthetic to make it",
            )


def _between(draws: Draws, column: Column, rows: int, unit: int) -> Ints:
    """Numbers within the contract's bounds, in the unit's parts."""
    low = column.minimum if column.minimum is not None else min(0, (column.maximum or 0) - SPAN)
    high = column.maximum if column.maximum is not None else low + SPAN
    first, last = math.ceil(low * unit), math.floor(high * unit)
    return first + draws.below("value", rows, min(last - first + 1, 2**32))


def _texts(draws: Draws, column: Column) -> list[str]:
    """Texts that match the column's pattern; without one, its name and a number."""
    if column.pattern is None:
        return [f"{column.name} {k}" for k in range(VARIETY)]
    body = column.pattern.removeprefix("^").removesuffix("$")
    pieces = list(_PIECE.finditer(body))
    columns = [_repeated(draws.within(str(k)), piece) for k, piece in enumerate(pieces)]
    texts = sorted({"".join(parts) for parts in zip(*columns, strict=True)})
    if "".join(piece[0] for piece in pieces) != body or not all(re.search(column.pattern, text) for text in texts):
        raise ContractError(
            "the synthetic generator cannot follow this pattern",
            resource=column.name,
            expected="characters, \\d, \\w, \\s and [sets], each with an optional {n}, {n,m}, ?, + or *",
            found=column.pattern,
            remedy="write the pattern more plainly, or teach olist.source.synthetic to make the column",
        )
    return texts


def _repeated(draws: Draws, piece: re.Match[str]) -> list[str]:
    """VARIETY texts that match one piece of a pattern: a character or set, and how often it may stand there."""
    letters, least, most, mark = piece[1], piece[2], piece[3], piece[4]
    low, high = {"?": (0, 1), "*": (0, _OPEN), "+": (1, 1 + _OPEN), None: (int(least or 1), int(least or 1))}[mark]
    if most is not None:
        high = int(most) if most else low + _OPEN
    choice = _letters(letters)
    size = low + draws.below("size", VARIETY, high - low + 1)
    letter = draws.below("letter", VARIETY * high, len(choice)).reshape(VARIETY, high)
    return ["".join(choice[k] for k in row[:n]) for row, n in zip(letter, size, strict=True)]


def _letters(piece: str) -> str:
    """The characters that a piece allows."""
    if piece in _CLASSES:
        return _CLASSES[piece]
    if not piece.startswith("["):
        return piece.removeprefix("\\")
    inner = re.sub(r"\\([dws])", lambda m: _CLASSES[m[0]], piece[1:-1])
    spans = re.findall(r"(.)-(.)|\\?(.)", inner)
    return "".join("".join(map(chr, range(ord(a), ord(b) + 1))) if a else single for a, b, single in spans)
