"""One CSV to one Parquet file: every column a string exactly as it stood, and where each row came from."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from olist.bronze.structure import MAX_RECORD_BYTES, Structure, inspect, refuse
from olist.contracts import Contract
from olist.errors import FileMissing, SourceRefused

__all__ = ["Origin", "Source", "open_source", "write_parquet"]

# Small enough that two threads share a table of a hundred thousand rows.
_ROW_GROUP = 50_000


@dataclass(frozen=True)
class Source:
    """A CSV in memory; `sha256` in hex, of its bytes."""

    path: Path
    content: bytes
    sha256: str


@dataclass(frozen=True)
class Origin:
    """What each row carries of its ingestion; `ingested_at` is UTC."""

    run_id: str
    ingested_at: datetime


def open_source(folder: Path, contract: Contract) -> Source:
    """The contract's file in `folder`. Raises SourceRefused when there is none, or it cannot be read."""
    path = folder / contract.file_name
    try:
        content = path.read_bytes()
    except OSError as error:
        others = ", ".join(sorted(p.name for p in folder.glob("*.csv"))) or "no CSV file"
        is_missing = isinstance(error, FileNotFoundError)
        raise refuse(
            path,
            "a source file is missing" if is_missing else "a source file cannot be read",
            expected=f"{contract.file_name} beside the other files",
            found=others if is_missing else str(error.strerror),
            remedy="deliver all files of the export together",
            kind=FileMissing if is_missing else SourceRefused,
        ) from error
    return Source(path, content, hashlib.sha256(content).hexdigest())


def write_parquet(source: Source, contract: Contract, origin: Origin, target: Path) -> tuple[int, tuple[str, ...]]:
    """Write the source's rows to `target`; returns (rows, the header in file order).

    Raises SourceRefused for any fault of structure, among them a parser that read another number of rows than the bytes hold.
    """
    structure = inspect(source.content, source.path, contract)
    table = _parse(source, structure)
    if table.num_rows != structure.rows:
        raise refuse(
            source.path,
            "rows would be lost or made up",
            expected=f"{structure.rows:,} records counted in the bytes",
            found=f"{table.num_rows:,} rows parsed",
            remedy="the file's line ends or quoting are irregular: export it again",
        )
    pq.write_table(
        _with_origin(table, source.path.name, origin),
        target,
        compression="zstd",
        row_group_size=_ROW_GROUP,
        use_dictionary=[
            "_source_file",
            "_run_id",
        ],  # ids and amounts hardly repeat: a dictionary of them costs time and bytes
    )
    return table.num_rows, structure.header


def _parse(source: Source, structure: Structure, *, threads: bool = True) -> pa.Table:
    try:
        return pacsv.read_csv(
            pa.BufferReader(source.content),
            # A record must not straddle more than two blocks.
            read_options=pacsv.ReadOptions(use_threads=threads, block_size=2 * MAX_RECORD_BYTES),
            parse_options=pacsv.ParseOptions(newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.string() for name in structure.header},
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if threads:
            # Only the single-threaded reader says which row it was.
            return _parse(source, structure, threads=False)
        raise _field_count(source, structure, str(error)) from error


def _field_count(source: Source, structure: Structure, message: str) -> SourceRefused:
    found = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+): (.*)", message, re.DOTALL)
    if found is None:
        return refuse(
            source.path,
            "a source file cannot be parsed",
            expected="RFC 4180 CSV",
            found=message,
            remedy="export the file again",
        )
    row, expected, got, text = found.groups()
    few = int(got) < int(expected)
    return refuse(
        source.path,
        f"a row has too {'few' if few else 'many'} fields",
        expected=f"{expected} fields",
        found=f"{got}: {text[:120]!r}",
        remedy="the file was cut short, or a line end stands unquoted in a field"
        if few
        else "quote the field that holds a comma",
        line=structure.line_of(source.content, int(row) - 1),
    )


def _with_origin(table: pa.Table, file_name: str, origin: Origin) -> pa.Table:
    rows = table.num_rows
    columns: dict[str, pa.Array] = {
        "_source_file": pa.repeat(file_name, rows).dictionary_encode(),
        "_source_row": pa.array(np.arange(1, rows + 1, dtype=np.int64)),
        "_run_id": pa.repeat(origin.run_id, rows).dictionary_encode(),
        "_ingested_at": pa.repeat(pa.scalar(origin.ingested_at, pa.timestamp("us", "UTC")), rows),
    }
    for name, values in columns.items():
        table = table.append_column(name, values)
    return table
