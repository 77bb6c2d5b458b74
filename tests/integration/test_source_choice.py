"""Where a run takes its data from: the first line says which source was taken, and why."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Platform, free_port
from deliveries import FILES, command
from olist.source import locate, synthetic


@pytest.fixture
def bare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A platform that never ran, the current folder being empty, and Kaggle out of reach."""
    work = folder / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr(locate, "_KAGGLE_HOST", ("127.0.0.1", free_port()))
    return Platform(folder / "home", None)


def _zipped(folder: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    return target


def _as_option(csv: Path, platform: Platform) -> list[str]:
    platform.environment["OLIST_SOURCE"] = "not/this"
    return ["--source", str(csv)]


def _as_zip_option(csv: Path, platform: Platform) -> list[str]:
    return ["--source", str(_zipped(csv, Path("here.zip")))]


def _as_variable(csv: Path, platform: Platform) -> list[str]:
    _as_data_folder(csv, platform)
    platform.environment["OLIST_SOURCE"] = str(csv)
    return []


def _as_data_folder(csv: Path, platform: Platform) -> list[str]:
    shutil.copytree(csv, "data")
    return []


def _as_folder_in_data(csv: Path, platform: Platform) -> list[str]:
    shutil.copytree(csv, "data/march")
    return []


def _as_zip_in_data(csv: Path, platform: Platform) -> list[str]:
    _zipped(csv, Path("data/brazilian-ecommerce.zip"))
    return []


def _as_nothing(csv: Path, platform: Platform) -> list[str]:
    return []


def _as_synthetic(csv: Path, platform: Platform) -> list[str]:
    return ["--source", "synthetic"]


@pytest.mark.parametrize(
    ("given", "name", "reason"),
    [
        (_as_option, "{csv}", "--source"),
        (_as_zip_option, "here.zip", "--source"),
        (_as_variable, "{csv}", "OLIST_SOURCE is set"),
        (_as_data_folder, "data", "found under data/"),
        (_as_folder_in_data, "data/march", "found under data/"),
        (_as_zip_in_data, "data/brazilian-ecommerce.zip", "found under data/"),
        (_as_synthetic, "synthetic, scale 1", "--source"),
        (_as_nothing, "synthetic, scale 1", "no OLIST_SOURCE, nothing under data/, Kaggle not reached"),
    ],
)
@pytest.mark.parametrize("flag", [[], ["--json"]], ids=["for people", "as json"])
def test_the_first_line_says_which_source_was_taken_and_why(
    bare: Platform,
    small_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: Callable[[Path, Platform], list[str]],
    name: str,
    reason: str,
    flag: list[str],
) -> None:
    monkeypatch.setattr(
        synthetic, "generate", lambda contracts, out: shutil.copytree(small_folder, out, dirs_exist_ok=True)
    )
    result = command(bare, "ingest", *given(small_folder, bare), *flag)
    assert result.exit_code == 0, result.output
    first = (result.stderr if flag else result.stdout).splitlines()[0]
    name = name.format(csv=small_folder)
    assert first.startswith(f"source: {name} ({reason}")
    if flag:
        document = json.loads(result.stdout)
        assert (document["status"], document["source"]) == ("success", name)
        assert [row["table"] for row in document["layers"]] == [*FILES]
