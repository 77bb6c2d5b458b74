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
from olist.locks import file_lock

__all__ = ["DATASET", "Delivery", "delivery", "fetch_kaggle", "reach_kaggle"]

DATASET = "olistbr/brazilian-ecommerce"
_KAGGLE_HOST = ("www.kaggle.com", 443)
_REACH_SECONDS = 3.0
_SYNTHETIC = "synthetic, scale 1"
_MAKING = 600.0  # seconds to wait for another process that makes it

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
    announce: Callable[[str, str], None],
) -> Iterator[Delivery]:
    """The delivery to ingest; a zip is unpacked for as long as the block lasts.

    `wanted` is a path, `kaggle`, `synthetic`, or None to search; `told_by` names who said so. `announce` is told the choice and its
    reason before anything is unpacked or made. Raises SourceRefused when it cannot be had.
    """
    name, reason, folder = _choice(wanted, contracts, home, told_by)
    announce(name, reason)
    if folder is not None:
        with _unpacked(folder, home) as unpacked:
            yield Delivery(unpacked, name, reason)
    else:
        yield Delivery(_synthetic(contracts, home), name, reason)


def _choice(wanted: str | None, contracts: Contracts, home: Path, told_by: str) -> tuple[str, str, Path | None]:
    """(name, reason, folder or zip); no folder for the synthetic source, which is made after it was announced."""
    if wanted == "kaggle":
        return "kaggle", told_by, fetch_kaggle(home)
    if wanted == "synthetic":
        return _SYNTHETIC, told_by, None
    if wanted is not None:
        return wanted, told_by, Path(wanted).expanduser()
    if (found := _under_data(contracts)) is not None:
        return str(found), "found under data/", found
    nothing = "no OLIST_SOURCE, nothing under data/"
    try:
        return "kaggle", nothing, fetch_kaggle(home)
    except SourceRefused as refusal:
        return _SYNTHETIC, f"{nothing}, Kaggle not reached: {refusal.found}", None


def fetch_kaggle(home: Path) -> Path:
    """The dataset from Kaggle, cached under `home`. Raises SourceRefused when it cannot be fetched."""
    cache = home / "source" / "kaggle"
    try:
        reach_kaggle()
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


def reach_kaggle() -> None:
    """Whether there is a way to Kaggle from here. Raises OSError."""
    socket.create_connection(_KAGGLE_HOST, timeout=_REACH_SECONDS).close()


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
    except RuntimeError as error:  # encrypted; or, a NotImplementedError, packed by a method that Python does not know
        remedy = "pack it again as an ordinary zip, without a password"
        raise _unusable(Path(member), "the zip cannot be unpacked", str(error), remedy) from error
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


def _synthetic(contracts: Contracts, home: Path) -> Path:
    """The generator's files at scale 1, made once."""
    folder = home / "source" / "synthetic"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(folder.parent / "lock", _MAKING):
        if not folder.exists():
            from olist.source.synthetic import generate  # the last resort, and large

            partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix="partial-"))
            generate(contracts, partial)
            partial.rename(folder)
    return folder
