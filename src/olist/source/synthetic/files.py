"""Tables to CSV files, as their contracts name and order the columns.

A file is complete or absent: it is written beside its place under another name, and renamed.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv as pa_csv

from olist.contracts import Contract
from olist.source.synthetic.draws import Draws
from olist.source.synthetic.invented import invent
from olist.source.synthetic.plan import Columns

__all__ = ["complete", "write"]

BOM = "\ufeff"

ROWS_PER_BLOCK = 65_536


def complete(contract: Contract, made: Columns, tables: Mapping[str, Columns], draws: Draws) -> Columns:
    """The contract's source columns in its order: those `made`, the others invented. What it lacks is left out."""
    rows = len(next(iter(made.values())))
    return {c.name: made[c.name] if c.name in made else invent(draws, c, rows, tables) for c in contract.source_columns}


def write(contract: Contract, columns: Columns, folder: Path, *, bom: bool = False) -> int:
    """Write a table into `folder` under the contract's file name; its rows. LF ends a row, NULL is an empty field."""
    table = pa.table(columns)
    # Arrow quotes every text or none; the decimals and dates of these tables never need it.
    options = pa_csv.WriteOptions(include_header=False, batch_size=ROWS_PER_BLOCK, quoting_style="needed")
    with _whole(folder / contract.file_name) as file:
        file.write(((BOM if bom else "") + _header(contract)).encode())
        pa_csv.write_csv(table, file, options)
    return int(table.num_rows)


def _header(contract: Contract) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(contract.header)
    return line.getvalue()


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
