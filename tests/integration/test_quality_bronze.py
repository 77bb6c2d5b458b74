"""The gate of bronze: each expectation of each file is seen to fail once, by Parquet that was changed in one way."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from olist.bronze.convert import Origin, open_source, write_parquet
from olist.contracts import load_contracts
from olist.lake.batches import Batch, Lake, StoredObject
from olist.lake.store import FolderStore
from olist.quality.delivery import Arrival, expected_of
from olist.quality.judge import Gate
from olist.quality.profile import Profile, profile
from olist.settings import PROJECT
from opstore.store import Check

CONTRACTS = load_contracts(PROJECT / "contracts")
RUN = "20260101T000000000000Z-0000"
NOBODY = "f" * 32

Files = Mapping[str, Path]


@pytest.fixture(scope="module")
def files(small_folder: Path) -> Iterator[Files]:
    """A sound delivery as Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        made = {table: Path(folder, f"{table}.parquet") for table in CONTRACTS}
        for table, contract in CONTRACTS.items():
            write_parquet(open_source(small_folder, contract), contract, Origin(RUN, datetime.now(UTC)), made[table])
        yield made


def batch(table: str, rows: int, run_id: str = RUN, digest: str = "a") -> Batch:
    contract, key = CONTRACTS[table], f"bronze/{table}/{run_id}.parquet"
    stored = StoredObject(key, rows, 1, "0")
    return Batch(table, run_id, "2026-01-01", "", "1", contract.file_name, table + digest, 1, contract.header, stored)


@cache
def sound_profile(table: str, path: Path) -> Profile:
    return profile(CONTRACTS[table], path, path.parent)


def judged(
    files: Files, changed: Mapping[str, Path], lake: Lake, digests: Mapping[str, str] | None = None
) -> dict[str, Check]:
    """The checks that fail, as `asset check`, when some of the files are changed ones."""
    arrivals = {}
    for table, contract in CONTRACTS.items():
        rows = pq.read_metadata(files[table]).num_rows
        given = batch(table, rows, "20260102T000000000000Z-0000", (digests or {}).get(table, "b"))
        found_in = (
            profile(contract, changed[table], changed[table].parent)
            if table in changed
            else sound_profile(table, files[table])
        )
        arrivals[table] = Arrival(contract, given, found_in)
    found: list[Check] = []
    with tempfile.TemporaryDirectory() as folder:
        Gate("a run", Path(folder), found.extend).judge(expected_of(lake, CONTRACTS, arrivals, Path(folder)))
    return {f"{c.asset.removeprefix('bronze.')} {c.check_name}": c for c in found if c.status == "fail"}


@contextmanager
def rewritten(files: Files, table: str, change: Callable[[pa.Table], pa.Table]) -> Iterator[dict[str, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "changed.parquet")
        pq.write_table(change(pq.read_table(files[table])), path)
        yield {table: path}


@pytest.fixture
def empty(tmp_path: Path) -> Lake:
    return Lake(FolderStore(tmp_path))


@pytest.fixture
def second(tmp_path: Path, files: Files) -> Lake:
    """A lake that has accepted a delivery, and after it one of other bytes."""
    lake = Lake(FolderStore(tmp_path))
    for number, digest in enumerate("ac"):
        batches = [
            batch(table, pq.read_metadata(path).num_rows, f"2026010{number}T000000000000Z-0000", digest)
            for table, path in files.items()
        ]
        for one in batches:
            lake.write_batch(one, files[one.table])
        lake.accept(batches[0].run_id, batches)
    return lake


def cells(column: str, value: Callable[[str], str], share: float = 1.0) -> Callable[[pa.Table], pa.Table]:
    """The table with a share of one column's cells changed."""

    def change(table: pa.Table) -> pa.Table:
        values = table[column].to_pylist()
        limit = int(len(values) * share)
        changed = [value(v) if n < limit else v for n, v in enumerate(values)]
        return table.set_column(table.schema.get_field_index(column), column, pa.array(changed, pa.string()))

    return change


def _cell_checks() -> Iterator[tuple[str, str, str, Callable[[pa.Table], pa.Table]]]:
    """(table, column, check, change) for every expectation of a column."""
    for table, contract in CONTRACTS.items():
        for c in contract.source_columns:
            assert c.source is not None
            many = table not in ("sellers", "category_translations")  # these are too short to have to vary
            if c.required or (c.missing_share is not None and many):
                yield table, c.source, "present", cells(c.source, lambda v: " ")
            if c.logical_type != "string":
                yield table, c.source, "typed", cells(c.source, lambda v: v and f"{v} ?", 0.5)
            elif c.pattern:
                yield table, c.source, "shaped", cells(c.source, lambda v: v[1:], 0.1)
            elif not c.values:
                yield table, c.source, "decoded", cells(c.source, lambda v: v and f"{v} nÃ£o", 0.6)
            if c.accented_share is not None:
                yield table, c.source, "accented", cells(c.source, _plain)
            if many:
                yield table, c.source, "varies", _made_constant(c.source)


def _plain(text: str) -> str:
    return text.lower().translate(str.maketrans("áàâãéêíóôõúüç", "aaaaeeiooouuc"))


def _made_constant(column: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: cells(column, lambda _: _some(table[column].to_pylist()))(table)


def _some(values: list[str]) -> str:
    return next(value for value in values if value)


CELLS = list(_cell_checks())


def test_a_sound_delivery_passes(files: Files, empty: Lake, second: Lake) -> None:
    assert judged(files, {}, empty) == {}
    assert judged(files, {}, second) == {}


@pytest.mark.parametrize(
    ("table", "column", "check", "change"), [pytest.param(*c, id=f"{c[0]}-{c[2]}({c[1]})") for c in CELLS]
)
def test_cells_that_speak_against_the_file(
    files: Files, empty: Lake, table: str, column: str, check: str, change: Callable[[pa.Table], pa.Table]
) -> None:
    with rewritten(files, table, change) as changed:
        failed = judged(files, changed, empty)
        assert f"{table} {check}({column})" in failed
        names = tuple(c.name for c in CONTRACTS[table].source_columns if c.source == column)
        assert failed[f"{table} {check}({column})"].columns == names
        if check not in ("accented", "varies"):
            assert CONTRACTS[table].file_name in (failed[f"{table} {check}({column})"].message or "")
    # Keys that were changed meet nobody, and rows that were told apart by this column no longer are.
    own = {name for name in failed if f"({column})" in name or f"({column} in" in name or f"by {column})" in name}
    met = {name for name in failed if "_rows" in name or "overlap" in name or "coverage" in name}
    assert failed.keys() <= own | met


@pytest.mark.parametrize("table", CONTRACTS)
def test_a_column_that_is_not_there(files: Files, empty: Lake, table: str) -> None:
    column = CONTRACTS[table].header[-1]
    with rewritten(files, table, lambda t: t.drop_columns([column])) as changed:
        failed = judged(files, changed, empty)
    assert f"{table} columns" in failed
    assert column in (failed[f"{table} columns"].message or "")


@pytest.mark.parametrize("table", CONTRACTS)
def test_a_record_that_was_lost(files: Files, empty: Lake, table: str) -> None:
    with rewritten(files, table, lambda t: t.slice(1)) as changed:
        failed = judged(files, changed, empty)
    assert f"{table} records" in failed


@pytest.mark.parametrize("table", CONTRACTS)
def test_rows_that_repeat_others(files: Files, empty: Lake, table: str) -> None:
    with rewritten(files, table, lambda t: pa.concat_tables([t, t])) as changed:
        failed = judged(files, changed, empty)
    assert failed.keys() == {f"{table} records", f"{table} repeated_rows"}
    assert "rows" in (failed[f"{table} repeated_rows"].message or "")


@pytest.mark.parametrize("table", [t for t in CONTRACTS if t != "geolocation"])
def test_a_key_that_stands_for_two_rows(files: Files, empty: Lake, table: str) -> None:
    contract = CONTRACTS[table]
    other = next(c.source for c in reversed(contract.source_columns) if c.name not in contract.key)

    def change(t: pa.Table) -> pa.Table:
        assert other is not None
        return pa.concat_tables([t, cells(other, lambda v: v + "1")(t.slice(0, 1))])

    with rewritten(files, table, change) as changed:
        failed = judged(files, changed, empty)
        assert failed.keys() == {f"{table} records", f"{table} contradicting_rows"}
        assert "rows 1" in (failed[f"{table} contradicting_rows"].message or "")


RELATIONS = [(t, c) for t, contract in CONTRACTS.items() for c in contract.source_columns if c.reference is not None]


@pytest.mark.parametrize(("table", "column"), [pytest.param(t, c, id=f"{t}-{c.name}") for t, c in RELATIONS])
def test_children_without_parents_and_parents_without_children(
    files: Files, empty: Lake, table: str, column: object
) -> None:
    from olist.contracts import Column

    assert isinstance(column, Column)
    assert column.source is not None
    assert column.reference is not None
    reference = column.reference
    to = f"{reference.table}.{reference.column}"
    with rewritten(files, table, cells(column.source, lambda v: v and NOBODY, 0.4)) as changed:
        failed = judged(files, changed, empty)
        overlap = failed[f"{table} overlap({column.source} in {to})"]
        assert NOBODY in (overlap.message or "")
        assert overlap.columns == (column.name,)
    if reference.parent_coverage is None:
        return
    with rewritten(files, table, cells(column.source, lambda v: "0" * 32)) as changed:
        assert f"{table} coverage({to} by {column.source})" in judged(files, changed, empty)


@pytest.mark.parametrize("table", CONTRACTS)
def test_a_file_that_shrank_and_one_that_swelled(files: Files, second: Lake, table: str) -> None:
    rows = pq.read_metadata(files[table]).num_rows
    lake = second
    for share, check, severity in ((0.7, "not_shrunk", "error"), (3.0, "not_swollen", "warn")):
        contract = CONTRACTS[table]
        given = replace(batch(table, int(rows * share), "20260102T000000000000Z-0000", "b"))
        arrival = Arrival(contract, given, profile(contract, files[table], files[table].parent))
        found: list[Check] = []
        with tempfile.TemporaryDirectory() as folder:
            Gate("a run", Path(folder), found.extend).judge(
                expected_of(lake, CONTRACTS, {table: arrival}, Path(folder))
            )
        failed = {c.check_name: c for c in found if c.status == "fail"}
        assert failed.keys() == {"records", check}
        assert failed[check].severity == severity


def test_a_file_of_an_earlier_day_is_not_held_against_a_later_one(files: Files, second: Lake) -> None:
    contract = CONTRACTS["sellers"]
    given = replace(batch("sellers", 1, "20260103T000000000000Z-0000", "b"), processing_date="2020-01-01")
    arrival = Arrival(contract, given, profile(contract, files["sellers"], files["sellers"].parent))
    with tempfile.TemporaryDirectory() as folder:
        assets = expected_of(second, CONTRACTS, {"sellers": arrival}, Path(folder))
    (sellers,) = [asset for asset in assets if asset.name == "bronze.sellers"]
    assert not {"not_shrunk", "not_swollen", "not_stale"} & {measured.check for measured in sellers.measured}


@pytest.mark.parametrize("table", CONTRACTS)
def test_an_older_file_among_newer_ones(files: Files, second: Lake, table: str) -> None:
    failed = judged(files, {}, second, {table: "a"})
    assert failed.keys() == {f"{table} not_stale"}
    assert "20260100" in (failed[f"{table} not_stale"].message or "")
    assert judged(files, {}, second, dict.fromkeys(CONTRACTS, "a")) == {}, "a whole delivery may go back"
