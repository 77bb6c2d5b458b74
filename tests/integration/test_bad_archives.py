"""Faulty archives and paths: refused by name, and nothing is left of them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Platform
from deliveries import FILES, command, succeed
from olist import pipeline


@pytest.fixture
def archive(small_folder: Path, folder: Path) -> Path:
    """The delivery as one zip, in a folder of its own inside, as a person may pack it."""
    path = folder / "delivery.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for csv in sorted(small_folder.glob("*.csv")):
            file.write(csv, f"export/{csv.name}")
        file.writestr("__MACOSX/export/._olist_orders_dataset.csv", b"\0\5\x16\7")
        file.writestr("export/README.txt", "nine files")
    return path


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])


def damaged_member(path: Path) -> None:
    with zipfile.ZipFile(path) as file:
        info = file.getinfo("export/olist_orders_dataset.csv")
    content = bytearray(path.read_bytes())
    content[info.header_offset + info.compress_size // 2] ^= 0xFF
    path.write_bytes(content)


def encrypted(path: Path) -> None:
    """As if with a password: the flag alone makes readers ask for one."""
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + flags] |= 1
            at = content.find(signature, at + 4)
    path.write_bytes(content)


def lacking(path: Path) -> None:
    repack(path, lambda name: [] if "sellers" in name else [name])


def twice(path: Path) -> None:
    repack(path, lambda name: [name, f"older/{Path(name).name}"] if "sellers" in name else [name])


def repack(path: Path, names: Callable[[str], list[str]]) -> None:
    """Write the archive again, each member under the names that it is to have."""
    with zipfile.ZipFile(path) as file:
        members = [(name, file.read(info)) for info in file.infolist() for name in names(info.filename)]
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members:
            file.writestr(name, content)


def no_zip(path: Path) -> None:
    path.write_text("order_id,price\n1,2\n")


ARCHIVES: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    "truncated": (truncated, "the zip is cut short or damaged", "delivery.zip", "download it again"),
    "damaged member": (
        damaged_member,
        "the zip is cut short or damaged",
        "export/olist_orders_dataset.csv",
        "download",
    ),
    "encrypted": (encrypted, "the zip cannot be unpacked", "export/olist_customers_dataset.csv", "without a password"),
    "lacking a file": (lacking, "a source file is missing", "olist_sellers_dataset.csv", "deliver all files"),
    "a file twice": (twice, "the zip holds two files of one name", "older/olist_sellers_dataset.csv", "remove one"),
    "no zip": (no_zip, "the zip is cut short or damaged", "delivery.zip", "download it again"),
    "no such path": (Path.unlink, "the source does not exist", "delivery.zip", "OLIST_SOURCE or --source"),
}


def test_a_zip_is_taken_whatever_folder_its_files_are_in(platform: Platform, archive: Path, small_folder: Path) -> None:
    succeed(pipeline.ingest(platform.settings(archive)))
    succeed(pipeline.ingest(platform.settings(small_folder)), "no_op")
    assert list((platform.home / "tmp").iterdir()) == [], "what was unpacked is gone"


@pytest.mark.parametrize(("damage", "what", "where", "remedy"), ARCHIVES.values(), ids=ARCHIVES)
def test_a_faulty_archive_is_refused_and_nothing_is_left_of_it(
    platform: Platform, archive: Path, damage: Callable[[Path], None], what: str, where: str, remedy: str
) -> None:
    damage(archive)
    said = command(platform, "ingest", "--source", archive)
    assert said.exit_code == 1
    for text in (what, where, remedy):
        assert text in said.stderr
    assert not (platform.home / "lake").exists()
    scratch = platform.home / "tmp"
    assert not scratch.exists() or list(scratch.iterdir()) == []


def test_an_empty_folder_is_refused_file_by_file(platform: Platform, folder: Path) -> None:
    said = command(platform, "ingest", "--source", folder)
    assert said.exit_code == 1
    assert "9 source files were refused" in said.stderr
    assert all(name in said.stderr for name in FILES.values())
