"""Where the CSVs come from: what the user names, else what lies under `data/`, else Kaggle, else the synthetic generator.

Every source ends as a folder of CSVs; `Delivery.reason` says which was taken and why, and is the first thing a run prints.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj

from olist.contracts import Contract
from olist.errors import SourceRefused

__all__ = ["DATASET", "Delivery", "delivery", "fetch_kaggle"]

DATASET = "olistbr/brazilian-ecommerce"
_KAGGLE_HOST = ("www.kaggle.com", 443)
_REACH_SECONDS = 3.0

Contracts = Mapping[str, Contract]


@dataclass(frozen=True)
class Delivery:
    """A folder of CSVs to ingest. `name` is what the user would call the source."""

    folder: Path
    name: str
    reason: str


@contextlib.contextmanager
def delivery(
    wanted: str | None,
    contracts: Contracts,
    *,
    home: Path,
    told_by: str,
    note: Callable[[str], None] = lambda text: None,
) -> Iterator[Delivery]:
    """The delivery to ingest; a zip is unpacked for as long as the block lasts.

    `wanted` is a path, `kaggle`, `synthetic`, or None to search; `told_by` names who said so. Raises SourceRefused when it cannot be had.
    """
    if wanted == "kaggle":
        yield Delivery(fetch_kaggle(home), "kaggle", told_by)
    elif wanted == "synthetic":
        yield Delivery(_synthetic(contracts, home, note), "synthetic, scale 1", told_by)
    elif wanted is not None:
        with _unpacked(Path(wanted).expanduser(), home) as folder:
            yield Delivery(folder, wanted, told_by)
    elif (found := _under_data(contracts)) is not None:
        with _unpacked(found, home) as folder:
            yield Delivery(folder, str(found), "found under data/")
    else:
        yield _fallback(contracts, home, note)


def fetch_kaggle(home: Path) -> Path:
    """The dataset from Kaggle, cached under `home`. Raises SourceRefused when it cannot be fetched."""
    cache = home / "source" / "kaggle"
    try:
        socket.create_connection(_KAGGLE_HOST, timeout=_REACH_SECONDS).close()
        os.environ.setdefault("KAGGLEHUB_CACHE", str(cache))
        import kagglehub  # here, since importing it takes as long as a small run

        with contextlib.redirect_stdout(sys.stderr):
            return Path(kagglehub.dataset_download(DATASET))
    except Exception as error:  # kagglehub raises what its HTTP client, tar reader and file system raise
        raise SourceRefused(
            "the dataset could not be fetched from Kaggle",
            resource=f"kaggle {DATASET}",
            expected="an answer from Kaggle (no account is needed)",
            found=f"{type(error).__name__}: {error}",
            remedy="look at the network, or download the zip by hand into data/ and run again",
        ) from error


def _fallback(contracts: Contracts, home: Path, note: Callable[[str], None]) -> Delivery:
    try:
        return Delivery(fetch_kaggle(home), "kaggle", "no OLIST_SOURCE, nothing under data/")
    except SourceRefused as refusal:
        why = f"no OLIST_SOURCE, nothing under data/, Kaggle not reached ({refusal.found.split(':')[0]})"
        return Delivery(_synthetic(contracts, home, note), "synthetic, scale 1", why)


def _under_data(contracts: Contracts) -> Path | None:
    """`data/`, a folder in it, or a zip in it, that has all of the files."""
    data = Path("data")
    wanted = {c.file_name for c in contracts.values()}
    for folder in [data, *sorted(p for p in data.glob("*") if p.is_dir())]:
        if wanted <= {p.name for p in folder.glob("*.csv")}:
            return folder
    for path in sorted(data.glob("*.zip")):
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            if wanted <= set(archive.namelist()):
                return path
    # One that cannot be opened is more likely a broken download than somebody else's: better refused by name than passed over.
    return next(iter(sorted(data.glob("brazilian-ecommerce*.zip"))), None)


@contextlib.contextmanager
def _unpacked(path: Path, home: Path) -> Iterator[Path]:
    if path.is_dir():
        yield path
        return
    if not path.exists():
        raise _unusable(path, "the source does not exist", "no such file or folder", "correct OLIST_SOURCE or --source")
    scratch = home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="zip-") as folder:
        _extract(path, Path(folder))
        yield Path(folder)


def _extract(path: Path, folder: Path) -> None:
    """The archive's CSVs, flat: a member's own folders are of no use, and could point outside."""
    member = path.name
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir() and info.filename.endswith(".csv") and "__MACOSX" not in info.filename:
                    member = f"{path.name}: {info.filename}"
                    with archive.open(info) as packed, (folder / Path(info.filename).name).open("xb") as file:
                        copyfileobj(packed, file, 1 << 20)
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise _unusable(
            Path(member), "the zip is cut short or damaged", str(error), "download it again, whole"
        ) from error
    except FileExistsError as error:
        raise _unusable(Path(member), "the zip holds two files of one name", str(error), "remove one") from error


def _unusable(path: Path, what: str, found: str, remedy: str) -> SourceRefused:
    return SourceRefused(
        what,
        resource=str(path),
        expected="a folder of CSVs, or the zip as Kaggle serves it",
        found=found,
        remedy=remedy,
    )


def _synthetic(contracts: Contracts, home: Path, note: Callable[[str], None]) -> Path:
    """The generator's files at scale 1, made once."""
    folder = home / "source" / "synthetic"
    if not folder.exists():
        from olist.source.synthetic import generate  # the last resort, and large

        note("generating synthetic data")
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix="partial-"))
        generate(contracts, partial)
        partial.rename(folder)
    return folder
