"""Reads what dbt leaves behind (run_results.json, sources.json, the manifest) of any version and adapter, Fusion and broken ones too.

`read_artifacts` never raises for what it finds in the files: what cannot be read is named in `errors`, and the rest is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from openclaw.artifacts.files import Unreadable, find, read_object
from openclaw.artifacts.freshness import read_freshness
from openclaw.artifacts.manifest import Manifest, read_manifest
from openclaw.artifacts.results import Results, read_results
from openclaw.lineage import Lineage
from openclaw.model import Failure

__all__ = ["Artifacts", "read_artifacts"]


T = TypeVar("T")


@dataclass(frozen=True)
class Artifacts:
    """What one folder of artifacts says. `errors` names what could not be read or understood, so that it cannot pass for green.

    `skipped` are the nodes that dbt did not run; `total` is how many results were read; `invocation` says how dbt was called.
    """

    failures: tuple[Failure, ...]
    skipped: tuple[str, ...]
    lineage: Lineage
    errors: tuple[str, ...]
    total: int
    invocation: Mapping[str, str]


def read_artifacts(place: Path) -> Artifacts:
    """The artifacts in a folder that dbt writes to, in its `target/`, or one named file with the manifest beside it."""
    errors: list[str] = []
    try:
        found = find(place)
    except Unreadable as problem:
        return Artifacts((), (), Lineage(), (str(problem),), 0, {})
    manifest = _read(found.manifest, read_manifest, Manifest(), errors)
    results = _read(found.run_results, lambda document: read_results(document, manifest), Results(), errors)
    freshness = _read(found.sources, read_freshness, Results(), errors)
    adapter = {"adapter": manifest.adapter} if manifest.adapter else {}
    return Artifacts(
        failures=_distinct((*results.failures, *freshness.failures)),
        skipped=results.skipped,
        lineage=manifest.lineage,
        errors=(*errors, *results.notes, *freshness.notes),
        total=results.total + freshness.total,
        invocation={**freshness.invocation, **results.invocation, **adapter},
    )


def _read(path: Path | None, reader: Callable[[dict[str, object]], T], absent: T, errors: list[str]) -> T:
    if path is None:
        return absent
    try:
        return reader(read_object(path))
    except Unreadable as problem:
        errors.append(str(problem))
        return absent


def _distinct(failures: tuple[Failure, ...]) -> tuple[Failure, ...]:
    """One failure per id, the last."""
    return tuple({failure.failure_id: failure for failure in failures}.values())
