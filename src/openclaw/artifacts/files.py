"""Finds the artifacts of a dbt project and reads their JSON. What cannot be read is named, so that it cannot pass for green."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from openclaw.artifacts.shapes import parsed

__all__ = ["Found", "Unreadable", "find", "read_object"]

_NAMES = {
    "run_results": ("run_results.json",),
    "sources": ("sources.json",),
    "manifest": ("manifest.json", "manifest.trimmed.json"),
}
_CONFLICT = ("<<<<<<< ", "=======", ">>>>>>> ")


@dataclass(frozen=True)
class Unreadable(Exception):
    """An artifact that is there and cannot be understood. `remedy` says what to do about it."""

    path: str
    problem: str
    remedy: str = "Run dbt again to write it anew."

    def __str__(self) -> str:
        return f"{self.path}: {self.problem} {self.remedy}".strip()


@dataclass(frozen=True)
class Found:
    """Where the artifacts lie; None for those that are not there."""

    folder: Path
    run_results: Path | None
    sources: Path | None
    manifest: Path | None


def find(place: Path) -> Found:
    """The artifacts in a folder, in its `target/`, or beside the one file that is named.

    Raises `Unreadable` where there is neither run_results.json nor sources.json: silence is not health.
    """
    if place.is_file():
        return _named(place)
    for folder in (place, place / "target"):
        found = Found(folder, *(_first(folder, _NAMES[kind]) for kind in ("run_results", "sources", "manifest")))
        if found.run_results or found.sources:
            return found
    problem = "has no run_results.json and no sources.json." if place.is_dir() else "is not there."
    raise Unreadable(
        str(place), problem, "Name the folder that dbt writes to, usually target/, after a dbt command has run."
    )


def read_object(path: Path) -> dict[str, object]:
    """The JSON object in a file. Raises `Unreadable`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        value = parsed(text)
    except OSError as error:
        raise Unreadable(path.name, f"cannot be opened ({error.strerror}).", "Check its permissions.") from error
    except UnicodeDecodeError as error:
        raise Unreadable(path.name, f"is not UTF-8 text (byte {error.start}).") from error
    except RecursionError as error:
        raise Unreadable(path.name, "is nested too deeply to be an artifact of dbt.") from error
    except ValueError as error:
        raise Unreadable(path.name, _why_not_json(text, error)) from error
    if not isinstance(value, dict):
        raise Unreadable(path.name, f"holds a JSON {type(value).__name__}; an artifact of dbt is an object.")
    return value


def _named(path: Path) -> Found:
    kind = "sources" if path.name.startswith("sources") else "run_results"
    return Found(
        path.parent,
        run_results=path if kind == "run_results" else None,
        sources=path if kind == "sources" else None,
        manifest=_first(path.parent, _NAMES["manifest"]),
    )


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _why_not_json(text: str, error: ValueError) -> str:
    if not text.strip():
        return "is empty."
    lines = text.splitlines()
    if any(line.startswith(_CONFLICT[0]) for line in lines) and any(line.startswith(_CONFLICT[2]) for line in lines):
        return "holds the conflict markers of a git merge (<<<<<<<, >>>>>>>) and is not JSON."
    where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    return f"is not JSON{where}; it may have been cut off while it was written."
