"""What a careful gate must not refuse: other ways to write the same rows, and the ups and downs of a business."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Platform
from corruptions import Damage, cell, content, every, rows_of, together
from databases import copied, owned_platform
from deliveries import FILES, Row, deliver, read_rows, silver_state, succeed
from olist import pipeline
from olist.contracts import Contract
from olist.source.synthetic import generate
from olist.warehouse import embedded


def _read(path: Path) -> list[list[str]]:
    """Every row as it stands: a comment's own line ends are part of it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def other_order(folder: Path) -> None:
    """Every file's columns from the last to the first, under their own header."""
    for name in FILES.values():
        path = folder / name
        rows = _read(path)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(row[::-1] for row in rows)


def crlf(folder: Path) -> None:
    for name in FILES.values():
        path = folder / name
        rows = _read(path)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\r\n").writerows(rows)


def some_again(rows: list[Row]) -> list[Row]:
    return rows + rows[:20]


SAME: dict[str, Damage] = {
    "columns in another order": other_order,
    "CRLF": crlf,
    "a BOM": content("orders", lambda data: b"\xef\xbb\xbf" + data),
    "exact duplicates": together(*(rows_of(t, some_again) for t in ("orders", "order_items", "geolocation"))),
    "case of a status": every("orders", cell("order_status", str.upper)),
    "spaces in a status": every("orders", cell("order_status", "  {} ".format)),
    "rows in another order": rows_of("order_items", lambda rows: rows[::-1]),
    "everything quoted": content(
        "sellers", lambda data: b"\n".join(_quoted(line) for line in data.splitlines()) + b"\n"
    ),
}


def _quoted(line: bytes) -> bytes:
    return line if b'"' in line else b",".join(b'"' + part + b'"' for part in line.split(b","))


@pytest.fixture(scope="module")
def sound(contracts: dict[str, Contract], session_folder: Path) -> Path:
    folder = session_folder / "harmless"
    generate(contracts, folder, scale=0.02, seed=5)
    return folder


@pytest.fixture(scope="module")
def delivered(server: embedded.Server, sound: Path) -> Iterator[Platform]:
    """A platform that has published the sound delivery. To be copied."""
    with owned_platform(server) as platform:
        deliver(platform.settings(sound))
        yield platform


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_the_same_rows_written_otherwise_give_the_same_silver(
    platform: Platform, delivered: Platform, sound: Path, folder: Path, change: Damage
) -> None:
    changed = Path(shutil.copytree(sound, folder / "changed"))
    change(changed)
    deliver(platform.settings(changed))
    # Where a reject stood in its file is the one thing that may differ.
    without = {"rejects"}
    states = [{t: s for t, s in silver_state(p).items() if t not in without} for p in (delivered, platform)]
    assert states[0] == states[1]


@pytest.mark.parametrize(("scale", "seed"), [(0.005, 1), (0.01, 7), (0.05, 11)])
def test_a_first_delivery_of_any_size_passes(
    platform: Platform, contracts: dict[str, Contract], folder: Path, scale: float, seed: int
) -> None:
    generate(contracts, folder / "csv", scale=scale, seed=seed)
    deliver(platform.settings(folder / "csv"))


def test_a_business_grows_by_a_fifth_and_shrinks_a_little(
    server: embedded.Server, delivered: Platform, contracts: dict[str, Contract], folder: Path
) -> None:
    with copied(server, delivered) as platform:
        for name, scale in (("grown", 0.024), ("shrunk", 0.022), ("doubled", 0.045)):
            generate(contracts, folder / name, scale=scale, seed=5)
            deliver(platform.settings(folder / name))


def test_a_quiet_week_passes(platform: Platform, sound: Path, folder: Path) -> None:
    """Of the last orders nothing has come yet, then three of them are delivered."""
    copied = Path(shutil.copytree(sound, folder / "week"))
    last = sorted(read_rows(copied, "orders"), key=lambda row: row["order_purchase_timestamp"])[-3:]
    missing = {row["order_id"] for row in last}
    for table in ("order_items", "order_payments", "order_reviews", "orders"):
        rows_of(table, lambda rows: [row for row in rows if row["order_id"] not in missing])(copied)
    customers = {row["customer_id"] for row in last}
    rows_of("customers", lambda rows: [row for row in rows if row["customer_id"] not in customers])(copied)
    deliver(platform.settings(copied))
    deliver(platform.settings(sound))
    succeed(pipeline.ingest(platform.settings(sound)), "no_op")


def test_the_real_data_passes_without_a_warning(platform: Platform, real_folder: Path) -> None:
    ingested = succeed(pipeline.ingest(platform.settings(real_folder)))
    built = succeed(pipeline.silver(platform.settings()))
    assert [c for c in [*ingested.checks, *built.checks] if c.status != "pass"] == []
