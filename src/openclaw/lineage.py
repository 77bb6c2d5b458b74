"""Who reads from whom: the graph that tells what a failure came from and what it reaches, down to dashboards.

Built from the edges that a dbt manifest or the operational record gives. Graphs in the wild have loops, dangling ends and nodes that
nobody describes; every question is answered for them too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Lineage", "Node", "short_name"]

_DASHBOARDS = frozenset({"exposure", "dashboard", "report"})
_CHECKS = frozenset({"test", "unit_test", "check"})
_VERSION = re.compile(r"v\d+")


def short_name(node_id: str) -> str:
    """The last part of an id, with a model's version: `orders` of `silver.orders`, `orders.v2` of `model.shop.orders.v2`."""
    before, _, last = node_id.rpartition(".")
    return f"{before.rpartition('.')[2]}.{last}" if before and _VERSION.fullmatch(last) else last


@dataclass(frozen=True)
class Node:
    """One place in the lineage. `kind` as dbt has it (model, source, test, exposure, …) or as the record has it.

    `label` is what people call it, `path` the file that defines it, `tags` its tags, folders and schema, `published` whether its owner
    declared it for others (dbt's `access: public`).
    """

    node_id: str
    kind: str = ""
    name: str = ""
    label: str = ""
    path: str = ""
    tags: tuple[str, ...] = ()
    published: bool = False

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.name or self.node_id


@dataclass(frozen=True)
class Lineage:
    """The graph. `parents` maps a node to what it reads from; `nodes` describes those that are known."""

    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    _children: dict[str, list[str]] = field(default_factory=dict, repr=False)
    _reached: dict[tuple[str, bool], frozenset[str]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, edges: Iterable[tuple[str, str]], nodes: Iterable[Node] = ()) -> Lineage:
        """From (parent, child) edges, in any order and however often."""
        parents: dict[str, dict[str, None]] = {}
        children: dict[str, dict[str, None]] = {}
        for parent, child in edges:
            if parent and child and parent != child:
                parents.setdefault(child, {})[parent] = None
                children.setdefault(parent, {})[child] = None
        return cls(
            parents={child: tuple(found) for child, found in parents.items()},
            nodes={node.node_id: node for node in nodes},
            _children={parent: list(found) for parent, found in children.items()},
        )

    @classmethod
    def recorded(cls, edges: Iterable[Mapping[str, str]]) -> Lineage:
        """From the record's edges: `parent`, `child`, and the child's `child_kind` and `child_label`."""
        known = list(edges)
        nodes = (Node(e["child"], e["child_kind"], short_name(e["child"]), e["child_label"] or "") for e in known)
        return cls.of(((e["parent"], e["child"]) for e in known), nodes)

    def node(self, node_id: str) -> Node:
        """The node, described as far as anything is known of it: a dbt id names its kind and its name."""
        return self.nodes.get(node_id) or _guessed(node_id)

    def ancestors(self, node_id: str) -> frozenset[str]:
        """Everything that it reads from, however far up, without itself."""
        return self._reach(node_id, up=True)

    def descendants(self, node_id: str) -> frozenset[str]:
        """Everything that reads from it, however far down, without itself."""
        return self._reach(node_id, up=False)

    def blast_radius(self, node_ids: Iterable[str]) -> tuple[str, ...]:
        """What hangs on these nodes, nearest first, checks left out: what a failure of all of them spoils."""
        seen = dict.fromkeys(node_ids)
        found: dict[str, None] = {}
        level = list(seen)
        while level:
            below = [child for node_id in level for child in self._children.get(node_id, ())]
            level = [child for child in dict.fromkeys(below) if child not in seen]
            seen.update(dict.fromkeys(level))
            found.update(dict.fromkeys(child for child in level if self.node(child).kind not in _CHECKS))
        return tuple(found)

    def exposures(self, node_ids: Iterable[str]) -> tuple[str, ...]:
        """The dashboards and reports among these, by the name that people know."""
        return tuple(dict.fromkeys(self.node(n).title for n in node_ids if self.node(n).kind in _DASHBOARDS))

    def _reach(self, node_id: str, *, up: bool) -> frozenset[str]:
        known = self._reached.get((node_id, up))
        if known is None:
            step: Mapping[str, Iterable[str]] = self.parents if up else self._children
            known = self._reached[node_id, up] = _reachable(node_id, step)
        return known


def _reachable(start: str, step: Mapping[str, Iterable[str]]) -> frozenset[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        for following in step.get(ahead.pop(), ()):
            if following not in seen:
                seen.add(following)
                ahead.append(following)
    return frozenset(seen - {start})


def _guessed(node_id: str) -> Node:
    """dbt writes `kind.project.name`, `source.project.source.table` and `test.project.name.hash`; others write what they like."""
    parts = node_id.split(".")
    if len(parts) < 3:
        return Node(node_id, name=node_id)
    kind = parts[0]
    if kind == "source":
        return Node(node_id, kind, name=".".join(parts[2:]))
    if kind == "test" and len(parts) > 3 and len(parts[-1]) == _HASH:
        return Node(node_id, kind, name=".".join(parts[2:-1]))
    if kind in _DBT_KINDS:
        return Node(node_id, kind, name=".".join(parts[2:]))
    return Node(node_id, name=node_id)


_HASH = 10
_DBT_KINDS = frozenset(
    "model test unit_test seed snapshot analysis operation macro exposure metric semantic_model saved_query function".split()
)
