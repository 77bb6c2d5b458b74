"""Who may import whom: three packages in one direction, the floors of `olist`, the steps of `openclaw` that do not know each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from olist.settings import PROJECT

SOURCE = PROJECT / "src"
PACKAGES = ("olist", "opstore", "openclaw")
# From the ground up. A module imports what lies below its floor, or belongs to its own room; modules of one floor do not know each other.
FLOORS = (
    {"errors"},
    {"settings", "promises", "google", "locks"},
    {"contracts", "record", "report", "logs"},
    {"lake", "lineage", "source", "failures"},
    {"quality", "warehouse"},
    {"bronze", "silver", "gold", "export"},
    {"watch", "housekeeping"},
    {"doctor"},
    {"runs", "terminal", "dashboards", "intake"},
    {"pipeline", "monitor", "console"},
    {"pieces"},
    {"commands"},
    {"cli"},
    {"__main__"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
STEPS = {"detect", "correlate", "severity", "diagnosis", "runbooks", "advisor", "discord"}


def imported(text: str) -> Iterator[str]:
    """The modules that a module of ours names, anywhere in it, those inside functions included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in PACKAGES:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(module: str) -> tuple[str, str]:
    """(package, room in it); `doctor` has its cloud parts beside it."""
    package, _, inner = module.partition(".")
    first = inner.partition(".")[0]
    return package, "doctor" if first.startswith("doctor_") else first


def faults(module: str, text: str) -> Iterator[str]:
    """What a module imports and may not."""
    package, own = room(module)
    for other in imported(text):
        theirs, there = room(other)
        if theirs not in PACKAGES or (theirs, there) == (package, own):
            continue
        foreign = theirs not in (package, "opstore")
        above = theirs == package == "olist" and FLOOR[there] >= FLOOR[own]
        step = theirs == package == "openclaw" and {own, there} <= STEPS
        if foreign or above or step:
            yield f"{module} imports {other}"


def test_every_module_imports_only_what_lies_below_it() -> None:
    paths = [path for package in PACKAGES for path in (SOURCE / package).rglob("*.py")]
    assert len(paths) > 100
    names = {".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    assert [fault for name, path in names.items() for fault in faults(name, path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("opstore.store", "from olist.settings import Settings"),
        ("opstore.spool", "import openclaw.agent"),
        ("openclaw.agent", "from olist import errors"),
        ("olist.watch", "from openclaw.agent import Agent"),
        ("olist.silver.build", "from olist.bronze.ingest import ingest"),
        ("olist.lake.store", "def late() -> None:\n    from olist import pipeline\n"),
        ("openclaw.correlate", "from openclaw.severity import grade"),
    ],
)
def test_a_wrong_import_is_seen(module: str, text: str) -> None:
    assert len(list(faults(module, text))) == 1
