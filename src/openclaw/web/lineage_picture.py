"""The lineage of one incident as a picture: what the root reads from, the root, what it broke, down to the dashboards.

Columns by distance from the root, so that every arrow points to the right. A column shows the nodes that most hangs on and says how many
it leaves out; dashboards come last, since they are what people ask about. One node or two hundred, the picture stays readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from openclaw.incident import Incident
from openclaw.lineage import Lineage
from openclaw.web.wording import short_name

__all__ = ["Box", "Line", "Picture", "draw"]

Role = Literal["upstream", "root", "affected", "dashboard", "more"]
_WIDTH, _HEIGHT, _ASIDE, _BELOW, _EDGE = 142, 40, 29, 9, 3  # seven columns fit beside each other on a desk's screen
_MOST = {"upstream": 4, "affected": 7, "dashboard": 14}
_COLUMNS = 4  # of affected nodes; a longer way is shown by its ends
_ROUNDS = 60  # graphs in the wild have loops


@dataclass(frozen=True)
class Box:
    """One node, or the `more` of a column. `name` is its id, `text` what people call it; pixels."""

    name: str
    text: str
    kind: str
    role: Role
    x: int
    y: int
    width: int = _WIDTH
    height: int = _HEIGHT


@dataclass(frozen=True)
class Line:
    """An arrow as SVG draws it. `is_told`: a producer said that one breaks the other, and the record knows no way between them."""

    path: str
    is_told: bool


@dataclass(frozen=True)
class Picture:
    """`hidden` nodes have no box of their own; pixels."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    hidden: int


@dataclass(frozen=True)
class _Column:
    role: Role
    shown: tuple[str, ...]
    hidden: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.shown) + bool(self.hidden)


def draw(incident: Incident, lineage: Lineage) -> Picture:
    """The picture of an incident in the record's lineage."""
    root = incident.root
    titles = {lineage.node(name).title: name for name in incident.affected}
    dashboards = {titles.get(label, label) for label in incident.exposures}
    broken = set(incident.affected) - dashboards - {root}
    above = set(lineage.parents.get(root, ())) - broken - dashboards
    below = broken | dashboards
    edges = {(p, child) for child in below for p in lineage.parents.get(child, ()) if p in below or p == root}
    told = {(root, child) for child in below - {child for _, child in edges}}
    edges |= {(parent, root) for parent in above}
    columns = [
        _column("upstream", above, lineage),
        _Column("root", (root,)),
        *_affected(_depths(root, broken, edges), lineage),
        _column("dashboard", dashboards, lineage),
    ]
    return _laid_out([c for c in columns if c.size], edges, told, lineage)


def _depths(root: str, broken: set[str], edges: set[tuple[str, str]]) -> dict[str, int]:
    """The longest way from the root, so that arrows point to the right; nodes that no way leads to are next to it."""
    depths = dict.fromkeys(broken, 1) | {root: 0}
    inner = [(p, child) for p, child in sorted(edges) if child in broken]
    for _ in range(_ROUNDS):
        moved = {child: depths[p] + 1 for p, child in inner if depths[p] >= depths[child]}
        if not moved:
            break
        depths |= moved
    del depths[root]
    return depths


def _affected(depths: dict[str, int], lineage: Lineage) -> list[_Column]:
    levels = [{n for n, depth in depths.items() if depth == level} for level in sorted(set(depths.values()))]
    columns = [_column("affected", level, lineage) for level in levels]
    if len(columns) <= _COLUMNS:
        return columns
    between = [name for column in columns[_COLUMNS - 2 : -1] for name in (*column.shown, *column.hidden)]
    return [*columns[: _COLUMNS - 2], _Column("affected", (), tuple(between)), columns[-1]]


def _column(role: Role, names: Iterable[str], lineage: Lineage) -> _Column:
    """The nodes that most hangs on; one more than fits is left as it is, since its box would take the same place."""
    ranked = sorted(names, key=lambda name: (-len(lineage.descendants(name)), name))
    most = _MOST[role] if len(ranked) > _MOST[role] + 1 else len(ranked)
    return _Column(role, tuple(ranked[:most]), tuple(ranked[most:]))


def _laid_out(
    columns: Sequence[_Column], edges: set[tuple[str, str]], told: set[tuple[str, str]], lineage: Lineage
) -> Picture:
    tallest = max(column.size for column in columns)
    height = tallest * (_HEIGHT + _BELOW) - _BELOW + 2 * _EDGE
    boxes: dict[str, Box] = {}
    for index, column in enumerate(columns):
        x = _EDGE + index * (_WIDTH + _ASIDE)
        y = (height - column.size * (_HEIGHT + _BELOW) + _BELOW) // 2
        for name in sorted(column.shown, key=lambda n: _pull(n, edges | told, boxes)):
            boxes[name] = _box(name, column.role, x, y, lineage)
            y += _HEIGHT + _BELOW
        text = f"{len(column.hidden)} more"
        boxes |= dict.fromkeys(column.hidden, Box(", ".join(column.hidden), text, "", "more", x, y))
    lines = {_path(boxes[a], boxes[b]): (a, b) in told for a, b in sorted(edges | told) if boxes[a].x < boxes[b].x}
    return Picture(
        2 * _EDGE + len(columns) * (_WIDTH + _ASIDE) - _ASIDE,
        height,
        tuple(dict.fromkeys(boxes.values())),
        tuple(Line(path, is_told) for path, is_told in lines.items()),
        sum(len(column.hidden) for column in columns),
    )


def _pull(name: str, edges: set[tuple[str, str]], boxes: dict[str, Box]) -> tuple[float, str]:
    """At the height of what it reads from, so that fewer arrows cross."""
    heights = [boxes[parent].y for parent, child in edges if child == name and parent in boxes]
    return (sum(heights) / len(heights) if heights else 0.0, name)


def _box(name: str, role: Role, x: int, y: int, lineage: Lineage) -> Box:
    node = lineage.node(name)
    text = node.title if role == "dashboard" else short_name(name)
    return Box(name, text, "dashboard" if role == "dashboard" else node.kind, role, x, y)


def _path(start: Box, end: Box) -> str:
    x1, y1 = start.x + start.width, start.y + start.height // 2
    x2, y2 = end.x - 7, end.y + end.height // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
