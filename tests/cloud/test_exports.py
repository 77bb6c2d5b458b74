"""Exports in a bucket are the tables, for whoever reads them, and lie so that a reader can leave out what it was not asked for."""

from __future__ import annotations

import pickle
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest

from conftest import Platform
from olist.export.committed import Committed, committed
from olist.lake.open import open_lake
from olist.settings import PROJECT

SPARK = PROJECT / ".venv-spark"
Rows = tuple[list[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def tables(exported: Platform) -> dict[str, Committed]:
    """The committed exports by layer."""
    lake = open_lake(exported.settings())
    found = {layer: committed(lake, layer) for layer in ("silver", "gold")}  # type: ignore[arg-type]
    return {layer: export for layer, export in found.items() if export}


@pytest.fixture(scope="module")
def mirror(exported: Platform, tables: dict[str, Committed], gcs: str, session_folder: Path) -> Path:
    """A copy of the committed exports in a folder, for readers that know no Cloud Storage here."""
    bucket = pafs.GcsFileSystem(anonymous=True, scheme="http", endpoint_override=gcs.removeprefix("http://"))
    lake = str(exported.lake).removeprefix("gs://")
    for key in (o.key for export in tables.values() for table in export.tables.values() for o in table.objects):
        copy = session_folder / "mirror" / key.removeprefix("exports/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(bucket.open_input_file(f"{lake}/{key}").read())
    return session_folder / "mirror"


@pytest.fixture(scope="module")
def by_pyarrow(mirror: Path) -> dict[str, Rows]:
    return {name: _of_arrow(ds.dataset(folder, partitioning="hive").to_table()) for name, folder in _folders(mirror)}


@pytest.fixture(scope="module")
def by_duckdb(mirror: Path) -> dict[str, Rows]:
    def read(folder: Path) -> Rows:
        every = duckdb.connect().read_parquet(f"{folder}/**/*.parquet", hive_partitioning=True)
        kept = [c for c in every.columns if c not in {"partition_month", "export"}]
        result = every.project(", ".join(f'"{c}"' for c in kept))
        return kept, result.fetchall()

    return {name: read(folder) for name, folder in _folders(mirror)}


@pytest.fixture(scope="module")
def by_spark(mirror: Path, session_folder: Path) -> dict[str, Rows]:
    if not SPARK.is_dir() or shutil.which("java") is None:
        pytest.skip("Spark needs `make test-cloud`, and a Java: apt-get install openjdk-17-jre-headless")
    script, target = Path(__file__).with_name("read_by_spark.py"), session_folder / "spark.pickle"
    command = [SPARK / "bin" / "python", script, mirror, target]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    read: dict[str, Rows] = pickle.loads(target.read_bytes())
    return read


def _folders(mirror: Path) -> Iterator[tuple[str, Path]]:
    return ((f"{p.parts[-3]}.{p.parts[-2]}", p) for p in mirror.glob("*/*/export=*"))


def _of_arrow(table: Any) -> Rows:
    kept = table.drop_columns([c for c in ("partition_month",) if c in table.column_names])
    return kept.column_names, [tuple(row.values()) for row in kept.to_pylist()]


def comparable(rows: list[tuple[Any, ...]]) -> list[str]:
    """Rows in an order of their own, numbers and moments spelt alike by all readers."""

    def spelt(value: Any) -> Any:
        if isinstance(value, Decimal):
            return format(value.normalize(), "f")
        return value.timestamp() if isinstance(value, datetime) and value.tzinfo else value

    return sorted(repr(tuple(spelt(v) for v in row)) for row in rows)


@pytest.mark.parametrize("reader", ["by_pyarrow", "by_duckdb", "by_spark"])
def test_every_table_is_read_as_it_is_in_the_warehouse(
    exported: Platform, tables: dict[str, Committed], reader: str, request: pytest.FixtureRequest
) -> None:
    read: dict[str, Rows] = request.getfixturevalue(reader)
    assert set(read) == {f"{layer}.{table}" for layer, export in tables.items() for table in export.tables}
    with psycopg.connect(str(exported.warehouse)) as connection:
        for name, (columns, rows) in read.items():
            served = connection.execute(f"SELECT * FROM {name}")
            assert columns == [c.name for c in served.description or ()], name
            assert comparable(rows) == comparable(served.fetchall()), name


def test_a_reader_who_asks_for_a_value_of_the_sort_key_opens_no_row_group_without_it(
    tables: dict[str, Committed], mirror: Path
) -> None:
    judged = set()
    for layer, export in tables.items():
        for name, table in export.tables.items():
            first = table.layout.order[0]
            for described in table.objects:
                file = pq.ParquetFile(mirror / described.key.removeprefix("exports/"))
                if file.num_row_groups > 3:
                    judged.add(f"{layer}.{name}")
                    assert _opened(file, first) == _holding(file, first), f"{described.key}: {first}"
    assert len(judged) > 15, "too few files of several row groups to tell"


def _values(file: pq.ParquetFile, column: str) -> list[set[Any]]:
    return [set(file.read_row_group(g, columns=[column]).column(0).to_pylist()) for g in range(file.num_row_groups)]


def _holding(file: pq.ParquetFile, column: str) -> int:
    """How many row groups hold each value, over all values."""
    return sum(len(values) for values in _values(file, column))


def _opened(file: pq.ParquetFile, column: str) -> int:
    """How many row groups may hold each value by their statistics, over all values."""
    index = file.schema_arrow.get_field_index(column)
    groups = [file.metadata.row_group(g).column(index).statistics for g in range(file.num_row_groups)]
    return sum(g.min <= value <= g.max for value in set().union(*_values(file, column)) for g in groups)


def test_files_say_how_they_are_sorted_and_compressed(tables: dict[str, Committed], mirror: Path) -> None:
    for export in tables.values():
        for table in export.tables.values():
            file = pq.ParquetFile(mirror / table.objects[0].key.removeprefix("exports/"))
            group = file.metadata.row_group(0)
            order = [file.schema_arrow.names[c.column_index] for c in group.sorting_columns]
            assert order == list(table.layout.order) != []
            columns = [group.column(i) for i in range(group.num_columns)]
            assert {c.compression for c in columns} == {"ZSTD"}
            assert all(c.is_stats_set for c in columns)


def test_only_the_latest_committed_export_is_taken(exported: Platform, tables: dict[str, Committed]) -> None:
    lake = open_lake(exported.settings())
    assert committed(lake, "silver", "20990101T000000000000Z-0000") is None
    assert committed(lake, "silver", tables["silver"].export_id) == tables["silver"]
