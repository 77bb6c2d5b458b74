"""Takes a scheduler's facts into the record: `python -m olist.intake`, one JSON object a line on standard input.

A line has one key: `start` (fields of RunStart), `finish` (of RunFinish), `event` (of Event) or `check` (of Check, and its `run_id`).
Facts have ids, so that a line that comes twice counts once. It is a module and no sub-command because it is called around every task, and
loads only what it needs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from olist.errors import OlistError
from olist.record import open_record
from olist.settings import load_settings
from opstore.store import Check, Counts, Event, Opstore, OpstoreUnavailable, RunFinish, RunStart

__all__ = ["take_in"]

_BROKEN, _TRY_AGAIN = 2, 75


def take_in(store: Opstore, lines: Iterable[str]) -> int:
    """Record each line; returns how many. Raises ValueError or TypeError for what is no fact, OpstoreUnavailable."""
    taken = 0
    for line in filter(str.strip, lines):
        ((kind, fields),) = json.loads(line).items()
        _take(store, kind, fields)
        taken += 1
    return taken


def _take(store: Opstore, kind: str, fields: dict[str, Any]) -> None:
    if kind == "start":
        store.start(RunStart(**{"revision": None, "versions": "{}", **fields}))
    elif kind == "finish":
        counts = fields.pop("counts", None)
        store.finish(RunFinish(**fields, counts=Counts(**counts) if counts else None))
    elif kind == "event":
        store.record_events([Event(**fields)])
    elif kind == "check":
        store.record_checks(fields.pop("run_id"), [Check(**fields)])
    else:
        raise ValueError(f"expected start, finish, event or check, found {kind!r}")


def main() -> int:
    """Exit code 2 for a line that is no fact, 75 when the record and its spool cannot be written."""
    try:
        take_in(open_record(load_settings()), sys.stdin)
    except (OlistError, ValueError, TypeError) as error:
        sys.stderr.write(f"not recorded: {error}\n")
        return _BROKEN
    except OpstoreUnavailable as error:
        sys.stderr.write(f"not recorded: {error}\n")
        return _TRY_AGAIN
    return 0


if __name__ == "__main__":
    sys.exit(main())
