"""dbt's artifacts: kept in the lake by whoever ran dbt, and from there to a folder, each invocation once.

<folder>/<invocation_id>/run_results.json, manifest.json, …     for a day, so that whoever reads them may fail and come again
<folder>/<invocation_id>/                                       empty from then on: it was fetched
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from olist.lake.batches import Lake

__all__ = ["fetch_new", "keep"]

_PREFIX = "artifacts/dbt"
_KEPT = 86_400.0


def keep(lake: Lake, target: Path, invocation_id: str, names: Sequence[str]) -> list[str]:
    """Put those of the named files that dbt has written to `target` into the lake; returns their names."""
    written = [name for name in names if (target / name).exists()]
    for name in written:
        lake.store.put(f"{_PREFIX}/{invocation_id}/{name}", target / name)
    return written


def fetch_new(lake: Lake, folder: Path) -> list[str]:
    """Copy the artifacts of invocations that were not fetched before; returns their ids, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    for known in (path for path in folder.iterdir() if path.is_dir()):
        if known.name.startswith(".") or time.time() - known.stat().st_mtime > _KEPT:
            _empty(known)
    keys: dict[str, list[str]] = {}
    for key in lake.store.keys(_PREFIX):
        keys.setdefault(key.split("/")[2], []).append(key)
    new = sorted(invocation for invocation in keys if not (folder / invocation).exists())
    for invocation in new:
        half = folder / f".{invocation}"
        half.mkdir(exist_ok=True)
        for key in keys[invocation]:
            shutil.copyfile(lake.store.local(key), half / Path(key).name)
        half.rename(folder / invocation)  # whole, or not there
    return new


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    if folder.name.startswith("."):
        folder.rmdir()
