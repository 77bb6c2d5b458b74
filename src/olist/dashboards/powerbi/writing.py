"""Writing the project, and telling how a folder differs from it. What people keep beside it (README.md, `.pbi/`) is left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["differences", "write"]

_KEPT = {"README.md"}


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Write what is new or changed and remove what is no longer made."""
    for path in differences(files, folder):
        target = folder / path
        if path in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(files[path])
        else:
            target.unlink()


def differences(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Paths that are missing, superfluous or of other content, sorted."""
    present = {path.relative_to(folder).as_posix(): path for path in _generated(folder)}
    return sorted(
        path
        for path in files.keys() | present.keys()
        if path not in files or path not in present or present[path].read_bytes() != files[path]
    )


def _generated(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and ".pbi" not in path.parts and path.relative_to(folder).as_posix() not in _KEPT:
            yield path
