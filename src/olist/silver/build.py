"""Silver: write, audit, publish.

Only what changed is built. A table's inputs are its batches, its contract, its SQL and its parents' inputs; a table whose inputs equal
those of the published version stays as it is, and the others are built as a full rebuild would build them. They are staged without
constraints, audited there, constrained, and published together in one transaction.

`build_silver` does that in one go, `stage_silver`, `audit_silver` and `publish_silver` a step each: the same steps, in the same order,
tied together by the note that lies in the stage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import psycopg

from olist.contracts import Contract
from olist.errors import AuditFailed, LakeError
from olist.lake.batches import Batch, Lake, Verdict
from olist.quality.audit import Staged, measure, measure_dependent
from olist.quality.judge import Gate, warm_up
from olist.quality.suites import Asset
from olist.quality.templates import shared_sql
from olist.silver import stage
from olist.silver.staged import Note, read_note, sign, write_note
from olist.silver.transform import Built, Transformer, table_sql
from olist.warehouse.connect import bulk_connection, connect
from olist.warehouse.publish import Publication, latest, publish
from olist.warehouse.sql import tables_in
from opstore.store import Check, Counts

__all__ = ["SilverResult", "TableResult", "Work", "audit_silver", "build_silver", "publish_silver", "stage_silver"]

T = TypeVar("T")

_WORKERS = 2


@dataclass(frozen=True)
class TableResult:
    """One table of a silver run. `rebuilt` is false for one whose inputs did not change."""

    table: str
    counts: Counts
    reasons: Mapping[str, int]
    rebuilt: bool
    seconds: float


@dataclass(frozen=True)
class SilverResult:
    """A silver run: what was published, and the seconds of each phase (transform and load, audit, constrain, publish)."""

    tables: list[TableResult]
    phases: Mapping[str, float]

    @property
    def changed(self) -> bool:
        """Whether anything was published."""
        return any(table.rebuilt for table in self.tables)


@dataclass(frozen=True)
class Work:
    """What every step works with. `connection` holds the warehouse's run lock, and publishes: who loses the lock has lost the means to
    publish, too. `url` is for the connections that load and check beside it, `scratch` for what memory cannot hold."""

    lake: Lake
    contracts: Mapping[str, Contract]
    connection: psycopg.Connection
    url: str
    run_id: str
    scratch: Path
    on_table: Callable[[str], None] = lambda table: None


def build_silver(work: Work, gate: Gate, *, publish_wait: float) -> SilverResult:
    """Bring silver up to date with the lake's accepted batches.

    Raises AuditFailed when staged rows break a rule: the deliveries that brought them are quarantined and silver stands as it was.
    """
    phases: dict[str, float] = {}
    if not _timed(phases, "build", lambda: stage_silver(work)):
        return SilverResult([_kept(table) for table in work.contracts], {})
    _timed(phases, "audit", lambda: audit_silver(work, gate))
    published = publish_silver(work, publish_wait=publish_wait)
    return SilverResult(published.tables, {**phases, **published.phases})


def stage_silver(work: Work) -> bool:
    """Build what changed into the stage; False, and nothing is staged, where silver is up to date."""
    contracts = work.contracts
    current = {table: _current(work.lake, contract) for table, contract in contracts.items()}
    inputs = _inputs(contracts, current)
    before = latest(work.connection, "silver")
    retired = tuple(sorted(set(before.inputs if before else {}) - set(contracts)))
    stale = list(contracts) if retired else _stale(work.connection, contracts, inputs, before)
    if not stale:
        return False
    warm_up()
    stage.prepare(work.connection)
    built, seconds = _build_and_load(work, current, stale)
    batches = {table: tuple(batch.run_id for batch in batches) for table, batches in current.items()}
    write_note(work.connection, Note(work.run_id, inputs, batches, tuple(stale), retired, built, seconds))
    return True


def audit_silver(work: Work, gate: Gate) -> None:
    """Judge what this run has staged. Raises AuditFailed as `build_silver` does, StageLost when the stage is another run's."""
    note = read_note(work.connection, work.run_id, audited=False)
    if failed := _audit(work, note, gate):
        raise _audit_failed(failed, note.built, _quarantine(work, note, failed))
    sign(work.connection)


def publish_silver(work: Work, *, publish_wait: float) -> SilverResult:
    """Publish what this run has staged and audited, once.

    Raises StageLost when the stage is another run's, Busy when readers do not end, LakeError when a batch in it was taken back since.
    """
    phases: dict[str, float] = {}
    before = latest(work.connection, "silver")
    if before is not None and before.run_id == work.run_id:
        return SilverResult([_kept(table) for table in work.contracts], {})
    note = read_note(work.connection, work.run_id, audited=True)
    _check_accepted(work, note)
    _timed(phases, "constrain", lambda: _constrain(work, note))
    runs = sorted({run_id for batches in note.batches.values() for run_id in batches})
    publication = Publication("silver", work.run_id, note.inputs, {"runs": runs})
    moved = [*note.stale, stage.REJECTS]
    _timed(
        phases,
        "publish",
        lambda: publish(
            work.connection, publication, staged=stage.STAGE, tables=moved, retired=note.retired, wait=publish_wait
        ),
    )
    work.connection.execute(f"DROP SCHEMA {stage.STAGE} CASCADE")
    return SilverResult([_result(note, table) for table in work.contracts], phases)


def _build_and_load(
    work: Work, current: Mapping[str, list[Batch]], stale: Sequence[str]
) -> tuple[dict[str, Built], dict[str, float]]:
    """Transform parents first; each table is loaded while the next one is transformed."""
    transformer, built, seconds = Transformer(work.lake, work.scratch), {}, {}
    with bulk_connection(work.url) as bulk, ThreadPoolExecutor(_WORKERS) as pool:
        loads = []
        for table in _needed(work.contracts, stale):
            contract, started = work.contracts[table], perf_counter()
            result = transformer.build(contract, current[table])
            if table in stale:
                built[table] = result
                loads.append(pool.submit(stage.load, bulk, contract, transformer.rows(contract)))
                work.on_table(table)
            seconds[table] = perf_counter() - started
        for load in loads:
            load.result()
        kept = [t for t in work.contracts if t not in stale]
        stage.load_rejects(bulk, work.connection, transformer.rejects(stale), kept)
    return built, seconds


def _needed(contracts: Mapping[str, Contract], stale: Sequence[str]) -> list[str]:
    """The stale tables and all of their ancestors, whose rows they are checked against."""
    needed = set(stale)
    for table in reversed(list(contracts)):
        if table in needed:
            needed |= contracts[table].parents
    return [t for t in contracts if t in needed]


def _locations(work: Work, note: Note) -> dict[str, str]:
    """The schema in which each table of the version to come stands."""
    return {t: stage.STAGE if t in note.stale else "silver" for t in work.contracts}


def _audit(work: Work, note: Note, gate: Gate) -> list[Check]:
    """The checks that failed: of the rebuilt tables by all of their rules, of the others by those that read a rebuilt one."""
    locations = _locations(work, note)

    def one(table: str) -> Asset | None:
        contract = work.contracts[table]
        with connect(work.url, "audit") as connection:
            if table not in note.stale:
                return measure_dependent(connection, contract, note.stale, locations, work.connection)
            staged = Staged(contract, note.built[table].counts, note.built[table].faults)
            return measure(connection, staged, locations, f"{stage.STAGE}.{stage.REJECTS}", work.connection)

    assets = [asset for asset in _in_parallel(one, list(work.contracts)) if asset is not None]
    return gate.judge(assets)


def _constrain(work: Work, note: Note) -> None:
    def one(table: str) -> None:
        with connect(work.url, "constrain") as connection:
            stage.constrain(connection, work.contracts[table])

    stage.release(work.connection)
    list(_in_parallel(one, note.stale))
    for table in note.stale:
        stage.relate(work.connection, work.contracts[table], _locations(work, note))


def _quarantine(work: Work, note: Note, failed: Sequence[Check]) -> dict[str, int]:
    """Quarantine the deliveries that this version would have published for the first time; returns their rows by table."""
    before = latest(work.connection, "silver")
    published = set(before.details.get("runs", [])) if before else set()
    reason = "; ".join(f"{c.asset} {c.check_name}" for c in failed)
    rows: dict[str, dict[str, int]] = {}
    for table in note.stale:
        for batch in work.lake.batches(table):
            if batch.run_id in note.batches[table]:
                rows.setdefault(batch.run_id, {})[table] = batch.object.rows
    new = sorted(set(rows) - published)
    for run_id in new:
        work.lake.quarantine(run_id, rows[run_id], reason)
    return {
        table: sum(rows[run_id].get(table, 0) for run_id in new)
        for table in note.stale
        if any(table in rows[run_id] for run_id in new)
    }


def _check_accepted(work: Work, note: Note) -> None:
    """What was taken back since it was built must not come into sight. What was accepted since comes with the next build."""
    for table, batches in note.batches.items():
        verdicts = work.lake.verdicts(table)
        if lost := [run_id for run_id in batches if verdicts[run_id] is not Verdict.ACCEPTED]:
            raise LakeError(
                "a batch was taken back while silver was built from it",
                resource=table,
                expected=f"the accepted batches {', '.join(batches)}",
                found=", ".join(f"{run_id} {verdicts[run_id]}" for run_id in lost),
                remedy="build silver again; it stands as it was",
            )


def _timed(phases: dict[str, float], phase: str, work: Callable[[], T]) -> T:
    started = perf_counter()
    try:
        return work()
    finally:
        phases[phase] = perf_counter() - started


def _current(lake: Lake, contract: Contract) -> list[Batch]:
    batches = lake.current(contract)
    if not batches:
        raise LakeError(
            "a table has no accepted batch",
            resource=f"{lake.store.url}/bronze/{contract.table}",
            expected="at least one",
            found="none",
            remedy="run `olist ingest` first",
        )
    return batches


def _inputs(contracts: Mapping[str, Contract], current: Mapping[str, Iterable[Batch]]) -> dict[str, str]:
    """A digest of all that each table's rows depend on."""
    shared = hashlib.sha256()
    for template in sorted(files("olist.silver").joinpath("sql").iterdir(), key=lambda f: f.name):
        if template.name.endswith(".jinja") or template.name == "macros.sql":
            shared.update(template.read_bytes())
    for sql in shared_sql():
        shared.update(sql)
    inputs: dict[str, str] = {}
    for table, contract in contracts.items():
        digest = shared.copy()
        parts = [contract.digest, table_sql(table), *(b.object.sha256 for b in current[table])]
        for part in [*parts, *(inputs[parent] for parent in sorted(contract.parents))]:
            digest.update(part.encode() + b"\0")
        inputs[table] = digest.hexdigest()
    return inputs


def _stale(
    connection: psycopg.Connection,
    contracts: Mapping[str, Contract],
    inputs: Mapping[str, str],
    before: Publication | None,
) -> list[str]:
    """Tables to build: their inputs changed, or somebody dropped them. Parents' inputs are part of their children's."""
    if before is None or not {*before.inputs, stage.REJECTS} <= set(tables_in(connection, "silver")):
        return list(contracts)
    return [t for t in contracts if before.inputs.get(t) != inputs[t]]


def _result(note: Note, table: str) -> TableResult:
    if table not in note.stale:
        return _kept(table)
    built = note.built[table]
    return TableResult(table, built.counts, built.reasons, rebuilt=True, seconds=note.seconds[table])


def _kept(table: str) -> TableResult:
    return TableResult(table, Counts(), {}, rebuilt=False, seconds=0.0)


def _in_parallel(work: Callable[[str], T], tables: Sequence[str]) -> Iterable[T]:
    with ThreadPoolExecutor(_WORKERS) as pool:
        return list(pool.map(work, tables))


def _audit_failed(failed: Sequence[Check], built: Mapping[str, Built], quarantined: Mapping[str, int]) -> AuditFailed:
    lines = [f"{c.asset}: {c.check_name}: {c.message}" for c in failed]
    for table, result in built.items():
        if result.reasons:
            lines.append(
                f"rejected of {table}: " + ", ".join(f"{count:,} {why}" for why, count in result.reasons.items())
            )
    return AuditFailed(
        f"{len(failed)} of the checks failed: nothing was published",
        resource=", ".join(dict.fromkeys(c.asset for c in failed)),
        expected="rows that keep to their contracts",
        found="\n            ".join(lines),
        remedy="mend the files and deliver them again; this delivery is quarantined and silver stands as it was"
        if quarantined
        else "these batches were published before: look at what changed in the contracts or in silver's SQL",
        quarantined=quarantined,
    )
