"""Faulty files: the delivery is refused with a message that helps, and nothing changes for anybody."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import Platform
from deliveries import FILES, command, deliver, state, succeed
from olist import pipeline
from olist.errors import SourceRefused
from opstore.store import Opstore

Damage = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Fault:
    """What is done to a table's file, and what the error says of it."""

    table: str
    damage: Damage | None
    what: str
    line: int | None
    expected: str
    remedy: str


def line(number: int, damage: Damage) -> Damage:
    """The damage done to one line, from 1."""

    def damaged(content: bytes) -> bytes:
        lines = content.split(b"\n")
        lines[number - 1] = damage(lines[number - 1])
        return b"\n".join(lines)

    return damaged


def cut(content: bytes) -> bytes:
    """All but the end of the last row."""
    return content[: content.rstrip(b"\n").rindex(b",")]


def cut_in_quotes(content: bytes) -> bytes:
    return content.rstrip(b"\n") + b'\n1,2,5,,"Muito'


def no_rows(content: bytes) -> bytes:
    return content.split(b"\n")[0] + b"\n"


def utf16(content: bytes) -> bytes:
    return content.decode().encode("utf-16")


def old_mac(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r")


def huge(text: bytes) -> bytes:
    return text + b"0" * 100_000_000


def comma_more(text: bytes) -> bytes:
    return text + b",1"


def comma_less(text: bytes) -> bytes:
    return text[: text.rindex(b",")]


def renamed(text: bytes) -> bytes:
    return text.replace(b"order_status", b"order_state")


def latin(text: bytes) -> bytes:
    return text[:-1] + "ã".encode("latin-1")


def quote_inside(text: bytes) -> bytes:
    return text.replace(b",", b'",', 1)


HEADER = "the header is not the contract's"
ENCODING = "a source file is not text in UTF-8"
QUOTE = "a quote stands where CSV allows none"
OPEN = "a quoted field is never closed"
LAST = -1
FEW, MANY = "a row has too few fields", "a row has too many fields"

# fmt: off
FAULTS = {
    "missing": Fault("orders", None, "a source file is missing", None, "orders_dataset.csv beside", "deliver all files"),
    "renamed": Fault("orders", line(1, renamed), HEADER, 1, "order_status", "contracts/orders.odcs.yaml"),
    "longer header": Fault("sellers", line(1, comma_more), HEADER, 1, "seller_state", "contracts/sellers.odcs.yaml"),
    "shorter header": Fault("sellers", line(1, comma_less), HEADER, 1, "seller_state", "contracts/sellers.odcs.yaml"),
    "empty": Fault("products", lambda _: b"", "a source file is empty", None, "a header and rows", "export it again"),
    "no rows": Fault("products", no_rows, "a snapshot has a header and no rows", None, "at least one", "export"),
    "cut in a row": Fault("order_payments", cut, FEW, LAST, "5 fields", "the file was cut short"),
    "cut in quotes": Fault("products", cut_in_quotes, OPEN, LAST, "a closing quote", "fetch or export"),
    "UTF-16": Fault("category_translations", utf16, ENCODING, None, "UTF-8", "export it as UTF-8"),
    "Latin-1": Fault("geolocation", line(7, latin), ENCODING, 7, "UTF-8", "iconv -f LATIN1"),
    "NUL": Fault("customers", line(5, lambda text: text + b"\0"), ENCODING, 5, "UTF-8", "export it as UTF-8"),
    "too few fields": Fault("customers", line(9, comma_less), FEW, 9, "5 fields", "line end stands unquoted"),
    "too many fields": Fault("customers", line(9, comma_more), MANY, 9, "5 fields", "quote the field"),
    "stray quote": Fault("sellers", line(4, quote_inside), QUOTE, 4, "only around a whole field", "RFC 4180"),
    "text after quotes": Fault("sellers", line(4, lambda text: b'"ab"c' + text), QUOTE, 4, "doubled", "RFC 4180"),
    "CR alone": Fault("orders", old_mac, "a carriage return stands alone", 1, "LF or CR LF", "LF line ends"),
    "100 MB": Fault("orders", line(3, huge), "a record is too long to be one", 3, "1,048,576 bytes", "look at this line"),
}
# fmt: on


def do(fault: Fault, folder: Path) -> str:
    """Damage the file; returns where the error is to say it is."""
    path = folder / FILES[fault.table]
    if fault.damage is None:
        path.unlink()
        return path.name
    path.write_bytes(fault.damage(path.read_bytes()))
    number = len(path.read_bytes().splitlines()) if fault.line == LAST else fault.line
    return path.name if number is None else f"{path.name}, line {number:,}"


def test_a_fault_of_structure_refuses_the_delivery_and_changes_nothing(
    platform: Platform, small_folder: Path, folder: Path, subtests: pytest.Subtests
) -> None:
    deliver(platform.settings(small_folder))
    before = state(platform)
    for name, fault in FAULTS.items():
        with subtests.test(name):
            csv = Path(shutil.copytree(small_folder, folder / "faulty"))
            where = do(fault, csv)
            said = command(platform, "run", "--source", csv, "--json")
            shutil.rmtree(csv)
            assert said.exit_code == 1
            document = json.loads(said.stdout)
            assert (document["status"], document["layers"]) == ("failed", [])
            error = document["error"]
            assert error["what"].startswith(fault.what)
            assert error["resource"] == where
            assert fault.expected in error["expected"]
            assert fault.remedy in error["remedy"]
            assert error["found"]
            for text in (fault.what, where, fault.expected, fault.remedy):
                assert text in said.stderr
            assert state(platform) == before
    succeed(pipeline.ingest(platform.settings(small_folder)), "no_op")


def test_all_faulty_files_of_a_delivery_are_named_in_one_error(platform: Platform, small_copy: Path) -> None:
    faults = [FAULTS[name] for name in ("renamed", "Latin-1", "too few fields", "UTF-16")]
    places = [do(fault, small_copy) for fault in faults]
    said = platform.olist("run", "--source", small_copy)
    assert said.returncode == 1
    assert "4 source files were refused" in said.stderr
    assert "Traceback" not in said.stderr
    for fault, where in zip(faults, places, strict=True):
        for text in (where, fault.what, fault.expected, fault.remedy):
            assert text in said.stderr
    assert "deliver all of them again; nothing was taken in" in said.stderr
    assert not (platform.home / "lake").exists()
    assert "the lake has no batches" in command(platform, "lake", "ls").stdout


def test_a_refusal_is_on_record_and_the_mended_delivery_succeeds(
    platform: Platform, small_folder: Path, small_copy: Path
) -> None:
    where = do(FAULTS["cut in quotes"], small_copy)
    file = FILES[FAULTS["cut in quotes"].table]
    report = pipeline.ingest(platform.settings(small_copy))
    assert isinstance(report.error, SourceRefused)
    recorded = Opstore(platform.home / "opstore.sqlite").runs()[0]
    assert (recorded["run_id"], recorded["status"]) == (report.run_id, "failed")
    assert where in recorded["message"]

    shutil.copy(small_folder / file, small_copy / file)
    deliver(platform.settings(small_copy))
    assert platform.query("SELECT count(*) > 900 FROM silver.orders") == [(True,)]
