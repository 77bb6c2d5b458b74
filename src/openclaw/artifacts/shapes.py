"""Values of JSON that may have any shape, read as the shape that is wanted; what does not fit is as if it were absent."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["mapping", "mappings", "number", "strings", "text"]


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
    """A number, also one written as text. Booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
