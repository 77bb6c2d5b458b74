"""One delivery of CSVs into bronze: all of its files, or none.

Every file is read, judged and converted beside the lake first. Only when all have kept their structure are their objects written, each
followed by its manifest, and last the one object that accepts the whole delivery, or quarantines it when it failed the quality gate. A
process killed anywhere leaves objects that nothing counts.

`ingest` does that in one go. `store` and `accept` do it in pieces, each in a process of its own: a table's objects lie in the lake without
a verdict until the delivery is accepted, which needs every table to have arrived.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter

from olist.bronze.convert import Origin, Source, open_source, write_parquet
from olist.contracts import Contract
from olist.errors import AuditFailed, ConfigurationError, LakeError, SourceRefused
from olist.lake.batches import Batch, Lake, StoredObject, Verdict
from olist.lake.verify import sha256_of, sound
from olist.quality.delivery import Arrival, expected_of
from olist.quality.judge import Gate, warm_up
from olist.quality.profile import Profile, profile
from opstore.store import Check

__all__ = ["Ingested", "accept", "ingest", "store"]

_WORKERS = 2


@dataclass(frozen=True)
class Ingested:
    """What became of one file: a new batch of `rows` rows, or `unchanged`, being the one that the lake has already.

    `superseded_by` is the snapshot of a later day that stands in its stead.
    """

    table: str
    rows: int
    unchanged: bool
    batch: Batch
    seconds: float
    superseded_by: Batch | None = None


@dataclass(frozen=True)
class _Converted:
    batch: Batch
    parquet: Path | None
    profile: Profile | None
    seconds: float


def ingest(
    lake: Lake,
    contracts: Mapping[str, Contract],
    folder: Path,
    *,
    run_id: str,
    processing_date: date,
    scratch: Path,
    gate: Gate,
    on_table: Callable[[str], None] = lambda table: None,
) -> list[Ingested]:
    """Bring the files of `folder` into the lake as one delivery.

    Raises SourceRefused, naming every faulty file, and then has written nothing; AuditFailed when a file is not what its contract says:
    the delivery then lies in quarantine; LakeError when the lake cannot be written; ConfigurationError for a day that is yet to come.
    """
    _check_day(processing_date)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="ingest-") as work:

        def convert(contract: Contract) -> _Converted | SourceRefused:
            try:
                return _convert(lake, contract, folder, run_id, processing_date, Path(work))
            except SourceRefused as refusal:
                return refusal
            finally:
                on_table(contract.table)

        with ThreadPoolExecutor(_WORKERS) as pool:
            results = list(pool.map(convert, contracts.values()))
        named = zip(contracts, results, strict=True)
        _refuse_together({table: r for table, r in named if isinstance(r, SourceRefused)})
        converted = [r for r in results if isinstance(r, _Converted)]
        arrivals = {
            c.batch.table: Arrival(contracts[c.batch.table], c.batch, c.profile) for c in converted if c.profile
        }
        failed = gate.judge(expected_of(lake, contracts, arrivals, scratch)) if arrivals else []
        ingested = [_stored(lake, file) for file in converted]
        _judged(lake, contracts, ingested, run_id, failed)
        return _placed(lake, contracts, ingested)


def store(
    lake: Lake, contract: Contract, folder: Path, *, run_id: str, processing_date: date, scratch: Path
) -> Ingested:
    """Bring one file of a delivery into the lake, where it waits for `accept`. Repeating it with the same file changes nothing.

    Raises SourceRefused for a faulty file, LakeError when this delivery has brought the table with other bytes, or the lake cannot be
    written, ConfigurationError for a day that is yet to come.
    """
    _check_day(processing_date)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix=f"store-{contract.table}-") as work:
        own = next((b for b in lake.batches(contract.table) if b.run_id == run_id), None)
        if own is None:
            ingested = _stored(lake, _convert(lake, contract, folder, run_id, processing_date, Path(work)))
        else:
            _check_same(own, open_source(folder, contract))
            ingested = Ingested(own.table, own.object.rows, False, own, 0.0)
    lake.arrive(run_id, ingested.batch, processing_date.isoformat())
    return ingested


def accept(lake: Lake, contracts: Mapping[str, Contract], *, run_id: str, gate: Gate, scratch: Path) -> list[Ingested]:
    """Judge what `store` has brought as one delivery, and accept it, or put it in quarantine. Repeating it changes nothing.

    Raises LakeError when a table has not arrived or another delivery came in between, AuditFailed as `ingest` does.
    """
    brought = _arrived(lake, contracts, run_id)
    failed: list[Check] = []
    if lake.verdict(run_id) is not Verdict.ACCEPTED:
        _check_still_latest(lake, contracts, brought, run_id)
        fresh = [r.batch for r in brought if not r.unchanged]
        with ThreadPoolExecutor(_WORKERS) as pool:
            profiles = pool.map(lambda b: profile(contracts[b.table], sound(lake, b), scratch), fresh)
            arrivals = {b.table: Arrival(contracts[b.table], b, p) for b, p in zip(fresh, profiles, strict=True)}
        failed = gate.judge(expected_of(lake, contracts, arrivals, scratch)) if arrivals else []
    _judged(lake, contracts, brought, run_id, failed)
    return _placed(lake, contracts, brought)


def _stored(lake: Lake, file: _Converted) -> Ingested:
    started = perf_counter()
    if file.parquet is not None:
        lake.write_batch(file.batch, file.parquet)
    rows = file.batch.object.rows if file.parquet is not None else 0
    seconds = file.seconds + perf_counter() - started
    return Ingested(file.batch.table, rows, file.parquet is None, file.batch, seconds)


def _judged(
    lake: Lake, contracts: Mapping[str, Contract], results: Sequence[Ingested], run_id: str, failed: Sequence[Check]
) -> None:
    """Give the delivery its verdict."""
    fresh = [r.batch for r in results if not r.unchanged]
    if failed:
        quarantined = {batch.table: batch.object.rows for batch in fresh}
        lake.quarantine(run_id, quarantined, "; ".join(f"{c.asset} {c.check_name}" for c in failed))
        raise _delivery_refused(lake, failed, quarantined)
    if fresh and lake.verdict(run_id) is not Verdict.ACCEPTED:
        lake.accept(run_id, fresh)
    for file in results:
        promised = contracts[file.batch.table].freshness
        if file.unchanged and promised is not None and promised.identical_is_delivery:
            lake.deliver_again(file.batch, run_id)


def _placed(lake: Lake, contracts: Mapping[str, Contract], results: Sequence[Ingested]) -> list[Ingested]:
    """The results, new snapshots with that of a later day which stands in their stead."""

    def later(file: Ingested) -> Batch | None:
        contract = contracts[file.table]
        if file.unchanged or contract.load != "snapshot":
            return None
        return next((b for b in lake.current(contract) if b.order > file.batch.order), None)

    return [replace(file, superseded_by=later(file)) for file in results]


def _arrived(lake: Lake, contracts: Mapping[str, Contract], run_id: str) -> list[Ingested]:
    arrived = {table: lake.arrived(run_id, table) for table in contracts}
    if missing := [table for table, batch in arrived.items() if batch is None]:
        raise LakeError(
            "a delivery is incomplete: nothing was accepted",
            resource=run_id,
            expected=f"{len(contracts)} tables",
            found=f"nothing of {', '.join(missing)}",
            remedy="bring the missing tables in with the same run id, then accept the delivery again",
        )
    batches = [batch for batch in arrived.values() if batch is not None]
    return [Ingested(b.table, b.object.rows if b.run_id == run_id else 0, b.run_id != run_id, b, 0.0) for b in batches]


def _check_still_latest(
    lake: Lake, contracts: Mapping[str, Contract], brought: Sequence[Ingested], run_id: str
) -> None:
    """What was compared with the lake when it arrived must hold when it is judged."""
    if lake.verdict(run_id) is Verdict.QUARANTINED:
        raise _overtaken(run_id, "a delivery without a verdict", "it is in quarantine")
    for file in brought:
        contract = contracts[file.table]
        if file.unchanged:
            day = lake.arrived_on(run_id, file.table)
            if lake.delivered_before(contract, file.batch.source_sha256, day) == file.batch:
                continue
            raise _overtaken(run_id, f"{file.table} to be as it was when the file was compared with it", "it is not")
        if any(b.run_id > run_id for b in lake.accepted(file.table)):
            raise _overtaken(run_id, f"no later delivery of {file.table}", "one was accepted meanwhile")


def _overtaken(run_id: str, expected: str, found: str) -> LakeError:
    return LakeError(
        "the delivery can no longer be accepted",
        resource=run_id,
        expected=expected,
        found=found,
        remedy="bring the files in again, as a new delivery; nothing of this one takes effect",
    )


def _check_same(stored: Batch, source: Source) -> None:
    if stored.source_sha256 != source.sha256:
        raise LakeError(
            "this delivery has brought the table already, with other bytes",
            resource=f"{stored.table} {stored.run_id}",
            expected=f"the file with sha256 {stored.source_sha256}",
            found=f"{source.path.name} with {source.sha256}",
            remedy="bring the changed files in as a new delivery, with a new run id",
        )


def _delivery_refused(lake: Lake, failed: Sequence[Check], rows: Mapping[str, int]) -> AuditFailed:
    older = [c.asset.removeprefix("bronze.") for c in failed if c.check_name == "not_stale"]
    taken_back = [f"`olist lake withdraw {t} {lake.accepted(t)[-1].run_id} --reason …`" for t in older]
    return AuditFailed(
        f"{len(failed)} of the checks of the delivered files failed: the delivery was not accepted",
        resource=", ".join(dict.fromkeys(c.asset for c in failed)),
        expected="files that are what their contracts say",
        found="\n            ".join(f"{c.asset}: {c.check_name}: {c.message}" for c in failed),
        remedy="mend the files and deliver them again, or, where the change is meant, say so in the contract's quality rules"
        + (f", or, if the older file is the right one, {' and '.join(taken_back)} first" if older else "")
        + "; this delivery is quarantined and silver stands as it was",
        quarantined=rows,
    )


def _convert(
    lake: Lake, contract: Contract, folder: Path, run_id: str, processing_date: date, work: Path
) -> _Converted:
    started = perf_counter()
    source = open_source(folder, contract)
    known = lake.delivered_before(contract, source.sha256, processing_date.isoformat())
    if known is not None:
        return _Converted(known, None, None, perf_counter() - started)
    warm_up()
    _check_clock(lake, contract, run_id)
    origin = Origin(run_id, datetime.now(UTC))
    parquet = work / f"{contract.table}.parquet"
    rows, header = write_parquet(source, contract, origin, parquet)
    key = _free_key(lake, f"bronze/{contract.table}/processing_date={processing_date.isoformat()}", run_id)
    batch = _batch(
        contract,
        source,
        origin,
        processing_date,
        header,
        StoredObject(key, rows, parquet.stat().st_size, sha256_of(parquet)),
    )
    return _Converted(batch, parquet, profile(contract, parquet, work), perf_counter() - started)


def _batch(
    contract: Contract,
    source: Source,
    origin: Origin,
    processing_date: date,
    header: tuple[str, ...],
    stored: StoredObject,
) -> Batch:
    return Batch(
        table=contract.table,
        run_id=origin.run_id,
        processing_date=processing_date.isoformat(),
        ingested_at=origin.ingested_at.isoformat(),
        contract_version=contract.version,
        source_file=source.path.name,
        source_sha256=source.sha256,
        source_size=len(source.content),
        columns=header,
        object=stored,
    )


def _free_key(lake: Lake, folder: str, run_id: str) -> str:
    """The object's key; another one where an attempt that was killed has left an object that no manifest names."""
    attempts = sum(Path(key).name.startswith(run_id) for key in lake.store.keys(folder))
    return f"{folder}/{run_id}{f'.{attempts}' if attempts else ''}.parquet"


def _check_day(processing_date: date) -> None:
    """A snapshot of a day to come would stand before all that is delivered until then."""
    today = datetime.now(UTC).date()
    if processing_date > today:
        raise ConfigurationError(
            "a batch cannot belong to a day that is yet to come",
            resource="--processing-date",
            expected=f"{today} (today, UTC) or a day before",
            found=processing_date.isoformat(),
            remedy="correct the date; without one it is today",
        )


def _check_clock(lake: Lake, contract: Contract, run_id: str) -> None:
    """Run ids carry the time and order the batches: one from a clock that went back would silently lose to its predecessor."""
    later = [b.run_id for b in lake.batches(contract.table) if b.run_id >= run_id]
    if later:
        raise LakeError(
            "the lake holds a batch that is newer than this run",
            resource=contract.table,
            expected=f"a run id after {max(later)}",
            found=run_id,
            remedy="set this machine's clock right",
        )


def _refuse_together(refusals: Mapping[str, SourceRefused]) -> None:
    """One error for the whole delivery, so that nobody mends one file a run."""
    if not refusals:
        return
    error, *others = refusals.values()
    if others:
        error = SourceRefused(
            f"{len(refusals)} source files were refused",
            resource=", ".join(r.resource for r in refusals.values()),
            expected="files that keep to their contracts",
            found="\n\n" + "\n\n".join(str(r) for r in refusals.values()),
            remedy="mend these files and deliver all of them again; nothing was taken in",
        )
    error.refusals = refusals
    raise error
