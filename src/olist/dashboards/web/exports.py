"""CSV for spreadsheets: numbers and dates as machines write them, words that a spreadsheet would take for a formula made harmless."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["csv_lines"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Lines with CR LF, the head first after a byte order mark, by which Excel knows UTF-8. None is an empty field."""
    yield "\ufeff" + _line(head)
    for row in rows:
        yield _line([_harmless(value) for value in row])


def _line(values: Sequence[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
