"""Batches: what one ingestion of one table brought, and what was judged of it.

    bronze/<table>/processing_date=<date>/<run_id>.parquet     the rows
    manifests/<table>/<date>/<run_id>.json                     written after them: names the object with its checksum
    verdicts/<run_id>/accepted.json                            one per run, over all its tables: a delivery counts whole or not at all
    verdicts/<run_id>/quarantined.json                         it failed its audit and stays for the record
    withdrawals/<table>/<run_id>.json                          taken back by a person, with a reason
    deliveries/<table>/<run_id>.json                           the same bytes came again: no batch, but a sign of life
    arrivals/<run_id>/<table>.json                             of a delivery that is brought in table by table: this one is there

Every one of these is a create-only object, so a state is never edited: withdrawn counts before quarantined, quarantined before
accepted, and a batch without a verdict does not count. Readers see only what a manifest names.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from olist.contracts import Contract
from olist.errors import ConfigurationError, LakeError
from olist.lake.store import Store

__all__ = ["Batch", "Lake", "StoredObject", "Verdict"]


class Verdict(StrEnum):
    """What was judged of a batch."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    WITHDRAWN = "withdrawn"
    UNJUDGED = "unjudged"


@dataclass(frozen=True)
class StoredObject:
    """An object as its manifest describes it; `sha256` in hex, `size` in bytes."""

    key: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Batch:
    """One table's batch of one run.

    `columns` are the source headers as stored; `source_sha256` is that of the CSV's bytes; `ingested_at` is UTC, ISO 8601.
    """

    table: str
    run_id: str
    processing_date: str
    ingested_at: str
    contract_version: str
    source_file: str
    source_sha256: str
    source_size: int
    columns: tuple[str, ...]
    object: StoredObject

    @property
    def order(self) -> tuple[str, str]:
        """Batches of a table apply in this order."""
        return (self.processing_date, self.run_id)


class Lake:
    """Batches and verdicts over a store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def write_batch(self, batch: Batch, parquet: Path) -> None:
        """Store the rows, then the manifest that makes them visible."""
        self.store.put(batch.object.key, parquet)
        self.put_json(_manifest_key(batch), asdict(batch))

    def accept(self, run_id: str, batches: Iterable[Batch]) -> None:
        """Accept a run's delivery: all of its tables in one object."""
        self._judge(run_id, Verdict.ACCEPTED, {b.table: b.object.rows for b in batches})

    def quarantine(self, run_id: str, tables: Mapping[str, int], reason: str) -> None:
        """Keep a run's delivery for the record and out of silver. Doing so again changes nothing."""
        if f"verdicts/{run_id}/quarantined.json" not in self.store.keys(f"verdicts/{run_id}"):
            self._judge(run_id, Verdict.QUARANTINED, tables, reason)

    def withdraw(self, table: str, run_id: str, reason: str) -> Batch:
        """Take a batch back. Raises as `withdrawable` does."""
        batch = self.withdrawable(table, run_id, reason)
        self.put_json(f"withdrawals/{table}/{run_id}.json", {"table": table, "run_id": run_id, "reason": reason})
        return batch

    def withdrawable(self, table: str, run_id: str, reason: str) -> Batch:
        """The batch that can be taken back.

        Raises LakeError when there is no such batch or it is withdrawn already, ConfigurationError without a reason.
        """
        if not reason.strip():
            raise ConfigurationError(
                "a batch is not taken back without a reason",
                resource=f"{table} {run_id}",
                expected="why, in words; they stay with the batch",
                found="a blank reason",
                remedy="say it with --reason",
            )
        found = [b for b in self.batches(table) if b.run_id == run_id]
        if not found or self.verdicts(table)[run_id] is Verdict.WITHDRAWN:
            raise LakeError(
                "there is no such batch to withdraw",
                resource=f"{table} {run_id}",
                expected="a batch that is not yet withdrawn",
                found="no manifest of that run" if not found else "it was withdrawn before",
                remedy="`olist lake ls` lists the batches and their state",
            )
        return found[0]

    def batches(self, table: str) -> list[Batch]:
        """Every batch of a table that has a manifest, in order."""
        keys = self.store.keys(f"manifests/{table}")
        return sorted((_batch(self._json(key)) for key in keys), key=lambda b: b.order)

    def verdicts(self, table: str) -> dict[str, Verdict]:
        """The state of each of a table's batches, by run id."""
        withdrawn = {Path(key).stem for key in self.store.keys(f"withdrawals/{table}")}
        judged = set(self.store.keys("verdicts"))
        return {b.run_id: _state(b.run_id, withdrawn, judged) for b in self.batches(table)}

    def accepted(self, table: str) -> list[Batch]:
        """The accepted batches of a table, in order."""
        verdicts = self.verdicts(table)
        return [b for b in self.batches(table) if verdicts[b.run_id] is Verdict.ACCEPTED]

    def current(self, contract: Contract) -> list[Batch]:
        """The batches that make up the table: the latest accepted snapshot, or every accepted delta."""
        accepted = self.accepted(contract.table)
        return accepted[-1:] if contract.load == "snapshot" else accepted

    def delivered_before(self, contract: Contract, source_sha256: str, processing_date: str) -> Batch | None:
        """The batch that makes this file a no-op: for a snapshot the latest one, or the latest up to its day; any one for a delta."""
        candidates = self.accepted(contract.table)
        if contract.load == "snapshot":
            up_to_it = [b for b in candidates if b.processing_date <= processing_date]
            candidates = [*candidates[-1:], *up_to_it[-1:]]
        return next((b for b in candidates if b.source_sha256 == source_sha256), None)

    def deliver_again(self, batch: Batch, run_id: str) -> None:
        """Record that the bytes of an accepted batch came again with another run. Doing so again changes nothing."""
        key = f"deliveries/{batch.table}/{run_id}.json"
        if key not in self.store.keys(f"deliveries/{batch.table}"):
            document = {"table": batch.table, "run_id": run_id, "batch": batch.run_id, "delivered_at": _now()}
            self.put_json(key, document)

    def arrive(self, run_id: str, batch: Batch, processing_date: str) -> None:
        """Record that a table of a day's delivery is there: with a batch of its own, or unchanged. Doing so again changes nothing."""
        key = _arrival_key(run_id, batch.table)
        if key not in self.store.keys(f"arrivals/{run_id}"):
            known = {"table": batch.table, "run_id": run_id, "batch": batch.run_id, "processing_date": processing_date}
            self.put_json(key, known)

    def arrived(self, run_id: str, table: str) -> Batch | None:
        """The batch that a delivery brought of a table: an earlier one where the bytes were the same, None where nothing arrived."""
        key = _arrival_key(run_id, table)
        if key not in self.store.keys(f"arrivals/{run_id}"):
            return None
        of_run = self._json(key)["batch"]
        return next(b for b in self.batches(table) if b.run_id == of_run)

    def arrived_on(self, run_id: str, table: str) -> str:
        """The day that a delivery, which brought the table, belongs to."""
        return str(self._json(_arrival_key(run_id, table))["processing_date"])

    def verdict(self, run_id: str) -> Verdict:
        """What was judged of a run's delivery."""
        return _state(run_id, set(), set(self.store.keys(f"verdicts/{run_id}")))

    def arrived_at(self, table: str, *, identical: bool) -> datetime | None:
        """When the table's last accepted batch arrived, or came again where `identical` bytes count; None without one. UTC."""
        accepted = {b.run_id: b.ingested_at for b in self.accepted(table)}
        again = (self._json(key) for key in (self.store.keys(f"deliveries/{table}") if identical else ()))
        moments = [*accepted.values(), *(d["delivered_at"] for d in again if d["batch"] in accepted)]
        return max(map(datetime.fromisoformat, moments), default=None)

    def _judge(self, run_id: str, verdict: Verdict, tables: Mapping[str, int], reason: str | None = None) -> None:
        self.put_json(
            f"verdicts/{run_id}/{verdict}.json",
            {"run_id": run_id, "verdict": verdict, "rows": dict(tables), "reason": reason},
        )

    def put_json(self, key: str, document: Mapping[str, Any]) -> None:
        """Store a document under a new key."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "object.json")
            path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            self.store.put(key, path)

    def _json(self, key: str) -> dict[str, Any]:
        try:
            document: dict[str, Any] = json.loads(self.store.read(key))
        except ValueError as error:
            raise LakeError(
                "a manifest of the lake cannot be read",
                resource=f"{self.store.url}/{key}",
                expected="the JSON that was written",
                found=str(error),
                remedy="restore it from a copy of the lake",
            ) from error
        return document


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _manifest_key(batch: Batch) -> str:
    return f"manifests/{batch.table}/{batch.processing_date}/{batch.run_id}.json"


def _arrival_key(run_id: str, table: str) -> str:
    return f"arrivals/{run_id}/{table}.json"


def _batch(document: dict[str, Any]) -> Batch:
    return Batch(**{**document, "columns": tuple(document["columns"]), "object": StoredObject(**document["object"])})


def _state(run_id: str, withdrawn: set[str], judged: set[str]) -> Verdict:
    if run_id in withdrawn:
        return Verdict.WITHDRAWN
    for verdict in (Verdict.QUARANTINED, Verdict.ACCEPTED):
        if f"verdicts/{run_id}/{verdict}.json" in judged:
            return verdict
    return Verdict.UNJUDGED
