"""Silver: write, audit, publish.

Only what changed is built. A table's inputs are its batches, its contract, its SQL and its parents' inputs; a table whose inputs equal
those of the published version stays as it is, and the others are built as a full rebuild would build them. They are staged without
constraints, audited there, constrained, and published together in one transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from time import perf_counter
from typing import TypeVar

import psycopg

from olist.contracts import Contract
from olist.errors import AuditFailed, LakeError
from olist.lake.batches import Batch, Lake
from olist.quality.audit import Staged, measure, measure_dependent
from olist.quality.judge import Gate, warm_up
from olist.quality.suites import Asset
from olist.quality.templates import shared_sql
from olist.silver import stage
from olist.silver.transform import Built, Transformer, table_sql
from olist.warehouse.connect import bulk_connection, connect
from olist.warehouse.publish import Publication, latest, publish
from opstore.store import Check, Counts

__all__ = ["SilverResult", "TableResult", "build_silver"]

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


def build_silver(
    lake: Lake,
    contracts: Mapping[str, Contract],
    connection: psycopg.Connection,
    url: str,
    *,
    run_id: str,
    publish_wait: float,
    gate: Gate,
    on_table: Callable[[str], None] = lambda table: None,
) -> SilverResult:
    """Bring silver up to date with the lake's accepted batches.

    `connection` holds the warehouse's run lock, and publishes: who loses the lock has lost the means to publish, too. `url` is for the
    connections that load and check beside it.

    Raises AuditFailed when staged rows break a rule: the deliveries that brought them are quarantined and silver stands as it was.
    """
    current = {table: _current(lake, contract) for table, contract in contracts.items()}
    inputs = _inputs(contracts, current)
    runs = sorted({batch.run_id for batches in current.values() for batch in batches})
    before = latest(connection, "silver")
    retired = sorted(set(before.inputs if before else {}) - set(contracts))
    stale = list(contracts) if retired else _stale(connection, contracts, inputs, before)
    if not stale:
        return SilverResult([_kept(table) for table in contracts], {})
    warm_up()
    run = _Run(lake, contracts, current, url, connection, stale, gate, on_table)
    return run.publish(Publication("silver", run_id, inputs, {"runs": runs}), before, retired, publish_wait)


class _Run:
    """One build, from the stage to the publish."""

    def __init__(
        self,
        lake: Lake,
        contracts: Mapping[str, Contract],
        current: Mapping[str, list[Batch]],
        url: str,
        connection: psycopg.Connection,
        stale: Sequence[str],
        gate: Gate,
        on_table: Callable[[str], None],
    ) -> None:
        self.lake, self.contracts, self.current, self.url = lake, contracts, current, url
        self.connection, self.stale, self.gate, self.on_table = connection, stale, gate, on_table
        self.locations = {t: stage.STAGE if t in stale else "silver" for t in contracts}
        self.phases: dict[str, float] = {}

    def publish(
        self,
        publication: Publication,
        before: Publication | None,
        retired: Sequence[str],
        wait: float,
    ) -> SilverResult:
        stage.prepare(self.connection)
        built, seconds = self._timed("build", self._build_and_load)
        if failed := self._timed("audit", lambda: self._audit(built)):
            raise _audit_failed(failed, built, self._quarantine(before, failed))
        self._timed("constrain", self._constrain)
        self._timed(
            "publish",
            lambda: publish(
                self.connection,
                publication,
                staged=stage.STAGE,
                tables=[*self.stale, stage.REJECTS],
                retired=retired,
                wait=wait,
            ),
        )
        self.connection.execute(f"DROP SCHEMA {stage.STAGE} CASCADE")
        tables = [
            TableResult(t, built[t].counts, built[t].reasons, True, seconds[t]) if t in self.stale else _kept(t)
            for t in self.contracts
        ]
        return SilverResult(tables, self.phases)

    def _build_and_load(self) -> tuple[dict[str, Built], dict[str, float]]:
        """Transform parents first; each table is loaded while the next one is transformed."""
        transformer, built, seconds = Transformer(self.lake), {}, {}
        with bulk_connection(self.url) as bulk, ThreadPoolExecutor(_WORKERS) as pool:
            loads = []
            for table in self._needed():
                contract, started = self.contracts[table], perf_counter()
                result = transformer.build(contract, self.current[table])
                if table in self.stale:
                    built[table] = result
                    loads.append(pool.submit(stage.load, bulk, contract, transformer.rows(contract)))
                    self.on_table(table)
                seconds[table] = perf_counter() - started
            for load in loads:
                load.result()
            kept = [t for t in self.contracts if t not in self.stale]
            stage.load_rejects(bulk, self.connection, transformer.rejects(self.stale), kept)
        return built, seconds

    def _needed(self) -> list[str]:
        """The stale tables and all of their ancestors, whose rows they are checked against."""
        needed = set(self.stale)
        for table in reversed(list(self.contracts)):
            if table in needed:
                needed |= self.contracts[table].parents
        return [t for t in self.contracts if t in needed]

    def _audit(self, built: Mapping[str, Built]) -> list[Check]:
        """The checks that failed: of the rebuilt tables by all of their rules, of the others by those that read a rebuilt one."""

        def one(table: str) -> Asset | None:
            contract = self.contracts[table]
            with connect(self.url, "audit") as connection:
                if table not in self.stale:
                    return measure_dependent(connection, contract, self.stale, self.locations, self.connection)
                staged = Staged(contract, built[table].counts, built[table].faults)
                return measure(connection, staged, self.locations, f"{stage.STAGE}.{stage.REJECTS}", self.connection)

        assets = [asset for asset in _in_parallel(one, list(self.contracts)) if asset is not None]
        return self.gate.judge(assets)

    def _constrain(self) -> None:
        def one(table: str) -> None:
            with connect(self.url, "constrain") as connection:
                stage.constrain(connection, self.contracts[table])

        list(_in_parallel(one, self.stale))
        for table in self.stale:
            stage.relate(self.connection, self.contracts[table], self.locations)

    def _quarantine(self, before: Publication | None, failed: Sequence[Check]) -> dict[str, int]:
        """Quarantine the deliveries that this version would have published for the first time; returns their rows by table."""
        published = set(before.details.get("runs", [])) if before else set()
        reason = "; ".join(f"{c.asset} {c.check_name}" for c in failed)
        rows: dict[str, dict[str, int]] = {}
        for table in self.stale:
            for batch in self.current[table]:
                rows.setdefault(batch.run_id, {})[table] = batch.object.rows
        new = sorted(set(rows) - published)
        for run_id in new:
            self.lake.quarantine(run_id, rows[run_id], reason)
        return {
            table: sum(rows[run_id].get(table, 0) for run_id in new)
            for table in self.stale
            if any(table in rows[run_id] for run_id in new)
        }

    def _timed(self, phase: str, work: Callable[[], T]) -> T:
        started = perf_counter()
        try:
            return work()
        finally:
            self.phases[phase] = perf_counter() - started


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
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'silver'").fetchall()
    present = {name for (name,) in rows}
    if before is None or not present.issuperset({*before.inputs, stage.REJECTS}):
        return list(contracts)
    return [t for t in contracts if before.inputs.get(t) != inputs[t]]


def _kept(table: str) -> TableResult:
    return TableResult(table, Counts(), {}, rebuilt=False, seconds=0.0)


def _in_parallel(work: Callable[[str], T], tables: Sequence[str]) -> Iterable[T]:
    with ThreadPoolExecutor(_WORKERS) as pool:
        return list(pool.map(work, tables))


def _audit_failed(failed: Sequence[Check], built: Mapping[str, Built], quarantined: Mapping[str, int]) -> AuditFailed:
    lines = [f"{c.asset}: {c.check_name}: {c.failures:,} rows ({c.message})" for c in failed]
    for table, result in built.items():
        if result.reasons:
            lines.append(
                f"rejected of {table}: " + ", ".join(f"{count:,} {why}" for why, count in result.reasons.items())
            )
    return AuditFailed(
        f"{len(failed)} checks failed: nothing was published",
        resource=", ".join(dict.fromkeys(c.asset for c in failed)),
        expected="rows that keep to their contracts",
        found="\n            ".join(lines),
        remedy="mend the files and deliver them again; this delivery is quarantined and silver stands as it was"
        if quarantined
        else "these batches were published before: look at what changed in the contracts or in silver's SQL",
        quarantined=quarantined,
    )
