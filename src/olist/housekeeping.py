"""What is kept no longer: old validation results and logs, and what a crash left half written in the lake.

Never removed: an object of the lake, which is immutable (a bucket's lifecycle rules end what should end there); the newest validation
result of each asset, which the Data Docs are made from; the marks of what was fetched from the lake, without which it would be new again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from olist.lake.open import open_lake
from olist.lake.store import FolderStore
from olist.settings import Settings

__all__ = ["Swept", "sweep"]

_DAY = 86_400.0
_LOGS = {
    "task logs of Airflow": "airflow/logs/dag_id=*/**/*",
    "logs of Airflow's DAG processor": "airflow/logs/dag_processor/**/*",
    "rotated logs of dbt": "dbt/logs/*.log.*",
}


@dataclass(frozen=True)
class Swept:
    """Files of one kind: how many were removed, what they held in bytes, how many are kept."""

    what: str
    removed: int
    freed: int
    kept: int


def sweep(settings: Settings, days: int) -> list[Swept]:
    """Remove results and logs older than `days` days, and objects that have been half written for more than a day."""
    limit = time.time() - days * _DAY
    results = sorted(settings.quality.glob("results/*/*.json"))
    newest = set({path.name: path for path in results}.values())
    swept = [_removed("validation results", (path for path in results if path not in newest), limit, len(newest))]
    swept += [_removed(what, _files(settings.home, pattern), limit) for what, pattern in _LOGS.items()]
    store = open_lake(settings).store
    if isinstance(store, FolderStore):
        swept.append(_removed("half-written objects of the lake", store.partial(), time.time() - _DAY))
    return swept


def _files(home: Path, pattern: str) -> Iterator[Path]:
    return (path for path in home.glob(pattern) if path.is_file())


def _removed(what: str, paths: Iterator[Path], limit: float, kept: int = 0) -> Swept:
    removed = freed = 0
    for path in list(paths):
        with suppress(FileNotFoundError):  # whoever wrote it has just ended
            state = path.stat()
            if state.st_mtime >= limit:
                kept += 1
                continue
            path.unlink()
            removed, freed = removed + 1, freed + state.st_size
            with suppress(OSError):  # it holds others
                path.parent.rmdir()
    return Swept(what, removed, freed, kept)
