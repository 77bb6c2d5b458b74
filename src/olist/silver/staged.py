"""What lies in the stage: written into it, so that build, audit and publish may be processes of their own and still be one gate.

Whoever prepares the stage anew drops the note with the tables that it speaks of. A publish therefore finds the note of the very tables
that were audited, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from olist.errors import StageLost
from olist.silver.stage import STAGE
from olist.silver.transform import Built
from opstore.store import Counts

__all__ = ["Note", "read_note", "sign", "write_note"]

_NOTE = sql.Identifier(STAGE, "note")


@dataclass(frozen=True)
class Note:
    """A build: its `inputs` and the run ids of its batches by table, the tables built (`stale`) and dropped (`retired`), and their rows."""

    run_id: str
    inputs: Mapping[str, str]
    batches: Mapping[str, tuple[str, ...]]
    stale: tuple[str, ...]
    retired: tuple[str, ...]
    built: Mapping[str, Built]
    seconds: Mapping[str, float]


def write_note(connection: psycopg.Connection, note: Note) -> None:
    """Leave the note in the stage, not yet signed."""
    connection.execute(sql.SQL("CREATE TABLE {} (note jsonb NOT NULL, is_audited boolean NOT NULL)").format(_NOTE))
    connection.execute(sql.SQL("INSERT INTO {} VALUES (%s, false)").format(_NOTE), (Jsonb(_document(note)),))


def sign(connection: psycopg.Connection) -> None:
    """Mark what is staged as audited, and green."""
    connection.execute(sql.SQL("UPDATE {} SET is_audited = true").format(_NOTE))


def read_note(connection: psycopg.Connection, run_id: str, *, audited: bool) -> Note:
    """The note that `run_id` has left. Raises StageLost when the stage is another run's, or was not `audited` where it must be."""
    there = connection.execute("SELECT to_regclass(%s)", (f"{STAGE}.note",)).fetchone()
    row = None
    if there and there[0]:
        row = connection.execute(sql.SQL("SELECT note, is_audited FROM {}").format(_NOTE)).fetchone()
    found = "nothing" if row is None else f"the tables of run {row[0]['run_id']}{'' if row[1] else ', not audited'}"
    if row is None or row[0]["run_id"] != run_id or (audited and not row[1]):
        raise StageLost(
            "the stage does not hold what this run has built",
            resource=STAGE,
            expected=f"the {'audited ' if audited else ''}tables of run {run_id}",
            found=found,
            remedy="build again: another run has used the stage since, or the build was never audited; silver stands as it was",
        )
    return _note(row[0])


def _document(note: Note) -> dict[str, Any]:
    built = {
        table: {
            "counts": vars(b.counts),
            "faults": [[column, reason, count] for (column, reason), count in b.faults.items()],
        }
        for table, b in note.built.items()
    }
    return {**vars(note), "built": built}


def _note(document: Mapping[str, Any]) -> Note:
    built = {
        table: Built(table, Counts(**b["counts"]), {(column, reason): n for column, reason, n in b["faults"]})
        for table, b in document["built"].items()
    }
    batches = {table: tuple(runs) for table, runs in document["batches"].items()}
    listed = {name: tuple(document[name]) for name in ("stale", "retired")}
    return Note(**{**document, **listed, "batches": batches, "built": built})
