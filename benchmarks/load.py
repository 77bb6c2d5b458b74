"""What does a checked load cost? The same nine CSVs into one PostgreSQL by bare COPY, by pandas, and by the platform up to silver.

    python benchmarks/load.py [--source FOLDER_OR_ZIP] [--repeat 3] [--skip-pandas]

COPY puts the files as they are into text columns, in one transaction, without a key or a check: the least that a load can cost. pandas is
`read_csv` and `to_sql`. The platform keeps the files in bronze and types, cleans, deduplicates, audits, constrains and publishes them.
All run in turn on one embedded server, each time in a database of its own, after a checkpoint.
"""

from __future__ import annotations

import csv
import os
import platform
import statistics
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Annotated

import pandas as pd
import psycopg
import sqlalchemy
import typer
from psycopg import sql
from psycopg.conninfo import make_conninfo
from rich.console import Console
from rich.progress import track
from rich.table import Table

from olist import pipeline
from olist.contracts import load_contracts
from olist.settings import PROJECT, load_settings
from olist.source.synthetic import generate
from olist.warehouse import embedded

REAL_ZIP = Path(os.environ.get("OLIST_TEST_DATA", PROJECT.parent / "shared/data/olist/brazilian-ecommerce.zip"))
CHUNK = 10_000
LIMIT = 6
"""How many times COPY the platform may take."""


@dataclass(frozen=True)
class Loaded:
    """One load: the rows read and the wall time, and for the platform the seconds of each of its phases."""

    rows: int
    seconds: float
    phases: Mapping[str, float] = field(default_factory=dict)


Way = Callable[[Path, str, Path], Loaded]
"""(folder of CSVs, database URL, an empty folder to work in) → what was loaded."""


def by_copy(folder: Path, url: str, home: Path) -> Loaded:
    """Bare COPY into text columns, create and fill in one transaction."""
    started, rows = perf_counter(), 0
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for path in sorted(folder.glob("*.csv")):
            with path.open(encoding="utf-8-sig", newline="") as file:
                header = next(csv.reader(file))
            table = sql.Identifier(path.stem)
            columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in header)
            cursor.execute(sql.SQL("CREATE TABLE {} ({})").format(table, columns))
            statement = sql.SQL("COPY {} FROM STDIN (FORMAT csv, HEADER true)").format(table)
            with path.open("rb") as content, cursor.copy(statement) as copy:
                while block := content.read(1 << 20):
                    copy.write(block)
            rows += cursor.rowcount
    return Loaded(rows, perf_counter() - started)


def by_pandas(folder: Path, url: str, home: Path) -> Loaded:
    """read_csv with its defaults, then to_sql in chunks, as tutorials have it (method=None: executemany)."""
    started, rows = perf_counter(), 0
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    for path in sorted(folder.glob("*.csv")):
        frame = pd.read_csv(path)
        frame.to_sql(path.stem, engine, index=False, if_exists="replace", chunksize=CHUNK, method=None)
        rows += len(frame)
    engine.dispose()
    return Loaded(rows, perf_counter() - started)


def by_platform(folder: Path, url: str, home: Path) -> Loaded:
    """`olist ingest` and `olist silver` in this process: bronze, build, audit, constrain, publish."""
    settings = load_settings(home=home, warehouse=url, source=str(folder))
    bronze, silver = pipeline.ingest(settings), pipeline.silver(settings)
    for report in (bronze, silver):
        if report.error is not None:
            raise report.error
    seconds = bronze.seconds + silver.seconds
    phases = {"bronze": bronze.seconds, **silver.phases}
    return Loaded(sum(r.rows_in for r in silver.layers), seconds, {**phases, "else": seconds - sum(phases.values())})


def main(
    source: Annotated[
        Path | None, typer.Option(help="Folder of CSVs or zip; default: the real data, else synthetic.")
    ] = None,
    scale: Annotated[float, typer.Option(help="Size of the synthetic data, where it is used.")] = 1.0,
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each way; medians are shown.")] = 3,
    skip_pandas: Annotated[bool, typer.Option("--skip-pandas", help="Leave out the slow one.")] = False,
) -> None:
    """Load the same files in several ways and compare."""
    ways: dict[str, Way] = {"COPY": by_copy, "olist": by_platform}
    if not skip_pandas:
        ways["pandas"] = by_pandas
    with tempfile.TemporaryDirectory(prefix="olist-benchmark-") as name:
        place = Path(name)
        place.chmod(0o755)  # the server may run as another user
        folder = _files(source, scale, place / "csv")
        server = embedded.start(place / "server")
        try:
            loads = _measure(ways, folder, server, place, repeat)
            version = server_version(server)
        finally:
            embedded.stop(place / "server")
    rows = {way: {load.rows for load in found} for way, found in loads.items()}
    if len(set.union(*rows.values())) != 1:
        raise typer.BadParameter(f"the ways did not load the same rows: {rows}")
    console = Console(highlight=False)
    console.print(f"{max(rows['COPY']):,} rows of {source or _default(scale)}; median of {repeat}")
    console.print(f"{version}, Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}\n")
    console.print(_comparison(loads), "", _phases(loads["olist"]), "", _verdict(loads))


def server_version(server: embedded.Server) -> str:
    """As in `PostgreSQL 18.1`."""
    with psycopg.connect(server.url) as connection:
        return f"PostgreSQL {connection.info.parameter_status('server_version')}"


def _default(scale: float) -> str:
    return str(REAL_ZIP) if REAL_ZIP.is_file() else f"the synthetic generator at scale {scale:g}"


def _files(source: Path | None, scale: float, target: Path) -> Path:
    """A folder of CSVs; unpacking and generating are nobody's load."""
    if source is None and not REAL_ZIP.is_file():
        generate(load_contracts(PROJECT / "contracts"), target, scale=scale)
        return target
    found = source or REAL_ZIP
    if found.is_dir():
        return found
    with zipfile.ZipFile(found) as archive:
        archive.extractall(target)
    return target


def _measure(
    ways: Mapping[str, Way], folder: Path, server: embedded.Server, place: Path, repeat: int
) -> dict[str, list[Loaded]]:
    """Every way in turn, then again, so that a busy moment of the machine does not fall on one way alone."""
    loads: dict[str, list[Loaded]] = {way: [] for way in ways}
    turns = [(number, way) for number in range(repeat) for way in ways]
    for number, way in track(turns, description="loading", console=Console(stderr=True), transient=True):
        with _database(server, f"load_{number}_{way.lower()}") as url, tempfile.TemporaryDirectory(dir=place) as home:
            loads[way].append(ways[way](folder, url, Path(home)))
    return loads


@contextmanager
def _database(server: embedded.Server, name: str) -> Iterator[str]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        connection.execute("CHECKPOINT")
        yield make_conninfo(server.url, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _median(loads: Sequence[Loaded]) -> float:
    return statistics.median(load.seconds for load in loads)


def _comparison(loads: Mapping[str, Sequence[Loaded]]) -> Table:
    table = _table("", "seconds", "lowest", "highest", "× COPY")
    for way, found in loads.items():
        seconds = [load.seconds for load in found]
        times = (_median(found), min(seconds), max(seconds))
        table.add_row(way, *(f"{s:.2f}" for s in times), f"{_median(found) / _median(loads['COPY']):.1f}")
    return table


def _phases(loads: Sequence[Loaded]) -> Table:
    """Where the platform's time goes."""
    table = _table("olist", "seconds", "share")
    for phase in loads[0].phases:
        seconds = statistics.median(load.phases[phase] for load in loads)
        share = statistics.median(load.phases[phase] / load.seconds for load in loads)
        table.add_row(phase, f"{seconds:.2f}", f"{share:.0%}")
    return table


def _verdict(loads: Mapping[str, Sequence[Loaded]]) -> str:
    ratio = _median(loads["olist"]) / _median(loads["COPY"])
    return f"olist takes {ratio:.1f} times as long as COPY; at most {LIMIT} are allowed"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


if __name__ == "__main__":
    typer.run(main)
