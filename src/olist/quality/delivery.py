"""The gate of bronze: what is expected of a delivery before it is accepted, as its contracts say, measured.

It judges files, not rows: a fault in a few cells is silver's to find and to reject, one in a twentieth of a file (the contract's
`fileTolerance`) says that the file is not what it claims to be: a column of another type, labels exchanged, half of the rows missing,
an encoding lost. What a contract does not promise is not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from olist.contracts import Column, Contract, Reference
from olist.lake.batches import Batch, Lake
from olist.promises import Promise
from olist.quality.profile import Profile, Relation, faulty_cells, meeting, unmatched
from olist.quality.suites import Asset, Measured

__all__ = ["Arrival", "expected_of"]

# Of fewer rows a share says nothing: one of them is silver's to reject, and a column may well be empty or have one value only.
_ENOUGH_FOR_SHARES = 20
_ENOUGH_TO_VARY = 100


@dataclass(frozen=True)
class Arrival:
    """A new file of a delivery: its batch, and its metrics."""

    contract: Contract
    batch: Batch
    profile: Profile


def expected_of(
    lake: Lake, contracts: Mapping[str, Contract], arrivals: Mapping[str, Arrival], scratch: Path
) -> list[Asset]:
    """All that is expected of the new files, by table; how tables meet is told of the child's. Measuring may spill to `scratch`."""
    paths = {table: _paths(lake, contract, arrivals.get(table)) for table, contract in contracts.items()}
    assets = []
    for table, contract in contracts.items():
        arrival = arrivals.get(table)
        own = [*_complete(arrival), *_rows(arrival), *_cells(arrival)] if arrival else []
        against = list(_against_previous(lake, arrival, arrivals.values())) if arrival else []
        met = list(_meetings(contracts, contract, paths, arrivals, scratch))
        if own or met:
            assets.append(Asset(f"bronze.{table}", [*own, *against, *met]))
    return assets


def _paths(lake: Lake, contract: Contract, arrival: Arrival | None) -> list[Path]:
    """The files that make up a table once the arrival is accepted."""
    if arrival is not None and contract.load == "snapshot":
        return [arrival.profile.path]
    current = [lake.store.local(batch.object.key) for batch in lake.current(contract)]
    return [*current, *([arrival.profile.path] if arrival else [])]


def _complete(arrival: Arrival) -> Iterator[Measured]:
    contract, found = arrival.contract, arrival.profile
    absent = [name for name in contract.header if name not in found.present]
    yield _exact("columns", "header", "every column of the contract is there", len(absent), lambda: ", ".join(absent))
    lost = abs(arrival.batch.object.rows - found.rows)
    yield _exact(
        "records",
        "completeness",
        f"as many rows as the file has records: {arrival.batch.object.rows:,}",
        lost,
        lambda: f"{found.rows:,} rows of {arrival.batch.object.rows:,} records",
    )
    inside = partial(faulty_cells, contract, found, "header")
    yield _exact(
        "one_header", "header", "no header among the rows: files that were put together", found.headers, inside
    )


def _rows(arrival: Arrival) -> Iterator[Measured]:
    """Rows that repeat another one exactly, and rows that share a key and differ."""
    contract, found = arrival.contract, arrival.profile
    counts = {
        "repeated_rows": ("repeated", found.rows - found.distinct_rows),
        "contradicting_rows": ("contradicting", found.distinct_rows - found.distinct_keys),
    }
    for promise in contract.promises:
        if promise.name not in counts or promise.maximum is None:
            continue
        metric, failures = counts[promise.name]
        sample = partial(faulty_cells, contract, found, metric)
        yield _share(promise.name, "uniqueness", promise.description, failures, found.rows, promise.maximum, sample)


def _cells(arrival: Arrival) -> Iterator[Measured]:
    contract = arrival.contract
    for column in contract.source_columns:
        if column.source in arrival.profile.present:
            yield from _of_column(arrival, column, contract.file_tolerance)


def _of_column(  # noqa: C901 - one condition per check
    arrival: Arrival, column: Column, tolerance: float | None
) -> Iterator[Measured]:
    found, rows = arrival.profile, arrival.profile.rows

    def cells(metric: str) -> int:
        return found.cells.get((column.name, metric), 0)

    def share(check: str, metric: str, description: str, allowed: float, of: int = rows) -> Measured:
        sample = partial(faulty_cells, arrival.contract, found, metric, column)
        name, told = f"{check}({column.source})", f"{column.source} {description}"
        return _share(name, _KINDS[check], told, cells(metric), of, allowed, sample, (column.name,))

    enough = _ENOUGH_FOR_SHARES if column.required else _ENOUGH_TO_VARY
    missing = column.missing_share if column.missing_share is not None else tolerance if column.required else None
    if missing is not None and rows >= enough:
        yield share("present", "missing", "is filled", missing)
    if tolerance is None or rows < _ENOUGH_FOR_SHARES:
        return
    filled = rows - cells("missing")
    if (column.name, "untyped") in found.cells:
        yield share("typed", "untyped", f"is written as a {column.logical_type}", tolerance, filled)
    if (column.name, "misshapen") in found.cells:
        yield share("shaped", "misshapen", f"matches {column.pattern}", tolerance, filled)
    if (column.name, "mangled") in found.cells:
        yield share("decoded", "mangled", "is read in its encoding", tolerance, cells("beyond_ascii"))
    if column.placeholder_share is not None:
        yield share("told", "placeholder", "is empty where there is nothing to say", column.placeholder_share, filled)
    if column.accented_share is not None and filled >= _ENOUGH_TO_VARY:
        yield Measured(
            f"accented({column.source})",
            "encoding",
            "error",
            f"{column.source} has its accents, as a share of its texts",
            column.accented_share,
            None,
            cells("accented") / filled,
            columns=(column.name,),
        )
    if rows >= _ENOUGH_TO_VARY and filled and arrival.contract.load == "snapshot":
        yield _exact(
            f"varies({column.source})",
            "constant",
            f"{column.source} has more than one value",
            cells("constant"),
            lambda: f"{column.source} has one value in all of {filled:,} rows",
            (column.name,),
        )


_KINDS = {
    "present": "missing_share",
    "typed": "castability",
    "shaped": "pattern",
    "decoded": "encoding",
    "told": "placeholder",
}


def _against_previous(lake: Lake, arrival: Arrival, all_arrivals: Iterable[Arrival]) -> Iterator[Measured]:
    """A snapshot against the one before it, of its day or an earlier one: its rows, and that it is no older file come again among newer."""
    contract, batch = arrival.contract, arrival.batch
    accepted = lake.accepted(contract.table) if contract.load == "snapshot" else []
    accepted = [b for b in accepted if b.processing_date <= batch.processing_date]
    if not accepted or not accepted[-1].object.rows:
        return
    before = accepted[-1].object.rows
    for promise in (p for p in contract.promises if p.metric == "rowCount"):
        yield _volume(promise, batch.object.rows, before)
    known = {b.source_sha256: b for b in accepted}
    older = known.get(batch.source_sha256)
    others = [a.batch for a in all_arrivals if a is not arrival and not _known(lake, a)]
    stale = older is not None and bool(others)
    yield _exact(
        "not_stale",
        "staleness",
        "no older file among newer ones",
        int(stale),
        lambda: (
            f"the same bytes were delivered by run {older.run_id if older else ''}, "
            f"while {', '.join(b.source_file for b in others)} are new"
        ),
    )


def _known(lake: Lake, arrival: Arrival) -> bool:
    return any(b.source_sha256 == arrival.batch.source_sha256 for b in lake.accepted(arrival.batch.table))


def _volume(promise: Promise, rows: int, before: int) -> Measured:
    bounds = (promise.minimum, promise.maximum)
    told = f"rows, relative to the {before:,} of the previous delivery"
    return Measured(promise.name, "volume", promise.severity, told, *bounds, rows / before)


def _meetings(
    contracts: Mapping[str, Contract],
    contract: Contract,
    paths: Mapping[str, list[Path]],
    arrivals: Mapping[str, Arrival],
    scratch: Path,
) -> Iterator[Measured]:
    """Of each relation with a new file at one of its ends: children have parents, parents have children."""
    for column in contract.source_columns:
        reference = column.reference
        if reference is None or not {contract.table, reference.table} & set(arrivals):
            continue
        parent = next(c for c in contracts[reference.table].columns if c.name == reference.column)
        ends = ((contract.table, column), (reference.table, parent))
        if all(paths[table] and _is_there(arrivals.get(table), end) for table, end in ends):
            relation = Relation(column, parent, paths[contract.table], paths[reference.table], scratch)
            yield from _meeting(contract, reference, relation)


def _is_there(arrival: Arrival | None, column: Column) -> bool:
    return arrival is None or column.source in arrival.profile.present


def _meeting(contract: Contract, reference: Reference, relation: Relation) -> Iterator[Measured]:
    met, to, source = meeting(relation), f"{reference.table}.{reference.column}", relation.column.source
    if contract.file_tolerance is not None and met.children >= _ENOUGH_FOR_SHARES:
        yield _share(
            f"overlap({source} in {to})",
            "overlap",
            f"{source} is found in {to}",
            met.orphans,
            met.children,
            contract.file_tolerance,
            lambda: f"{contract.file_name} {unmatched(relation, 'children')}",
            (relation.column.name,),
        )
    if reference.parent_coverage is not None and met.parents >= _ENOUGH_FOR_SHARES:
        yield _share(
            f"coverage({to} by {source})",
            "coverage",
            f"{to} is found in {source} of {contract.file_name}",
            met.childless,
            met.parents,
            1 - reference.parent_coverage,
            lambda: f"{reference.table} {unmatched(relation, 'parents')}",
        )


def _share(
    check: str,
    kind: str,
    description: str,
    failures: int,
    rows: int,
    allowed: float,
    sample: Callable[[], str],
    columns: tuple[str, ...] = (),
) -> Measured:
    observed = failures / rows if rows else 0.0
    return Measured(check, kind, "error", description, None, allowed, observed, failures, rows, sample, columns)


def _exact(
    check: str, kind: str, description: str, failures: int, sample: Callable[[], str], columns: tuple[str, ...] = ()
) -> Measured:
    return Measured(check, kind, "error", description, None, 0.0, float(failures), failures, None, sample, columns)
