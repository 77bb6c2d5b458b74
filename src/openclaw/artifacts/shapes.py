"""Values of JSON that may have any shape, read as the shape that is wanted; what does not fit is as if it were absent."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

__all__ = ["mapping", "mappings", "number", "parsed", "rows_of", "strings", "text"]

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_SHOWN = 40


def parsed(words: str) -> object:
    """The value that a JSON text writes. Half of a pair of escapes, which no encoding can write again, becomes a question mark.

    Raises ValueError and RecursionError.
    """
    value = json.loads(words)
    return (
        json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")) if _HALF.search(words) else value
    )


def rows_of(found: object, artifact: str) -> tuple[tuple[Mapping[str, object], ...], tuple[str, ...]]:
    """The rows of an artifact's `results`, and what in it is none, so that it cannot pass for green."""
    if not isinstance(found, list | dict):
        return (), (f"{artifact}: its `results` are {_shown(found)}, and neither a list nor an object.",)
    places = found.items() if isinstance(found, dict) else enumerate(found, 1)
    odd = [
        f"{artifact}: result {place} is {_shown(row)}, and no object."
        for place, row in places
        if not isinstance(row, dict)
    ]
    return mappings(found), tuple(odd)


def mapping(value: object) -> Mapping[str, object]:
    """An object, or the empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> tuple[Mapping[str, object], ...]:
    """The objects in a list; of an object of objects, those, each with its key as `unique_id`."""
    if isinstance(value, dict):
        return tuple({"unique_id": key, **found} for key, found in value.items() if isinstance(found, dict))
    return tuple(found for found in value if isinstance(found, dict)) if isinstance(value, list) else ()


def text(value: object) -> str:
    """A string, or the empty one."""
    return value if isinstance(value, str) else ""


def strings(value: object) -> tuple[str, ...]:
    """The strings in a list."""
    return tuple(found for found in value if isinstance(found, str)) if isinstance(value, list) else ()


def number(value: object) -> float | None:
    """A number, also one written as text. Booleans are none, nor is what has no end."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def _shown(value: object) -> str:
    written = json.dumps(value)
    return written if len(written) <= _SHOWN else f"{written[:_SHOWN]} …"
