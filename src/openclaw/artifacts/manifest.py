"""What a manifest knows: the lineage, and of each test what it looks at. Any version of dbt; what is missing or odd is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from openclaw.artifacts.shapes import mapping, strings, text
from openclaw.lineage import Lineage, Node, short_name

__all__ = ["Manifest", "TestNode", "read_manifest"]

_SECTIONS = ("nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests", "functions")
_REFERENCE = re.compile(r"\b(ref|source)\(\s*((?:['\"][^'\"]*['\"]\s*,?\s*)+)")
_QUOTED = re.compile(r"['\"]([^'\"]*)['\"]")


@dataclass(frozen=True)
class TestNode:
    """A test as the manifest has it. `asset` is the node whose rows it looks at; `generic` is None for a singular test."""

    test_id: str
    asset: str | None
    tested: tuple[str, ...]
    generic: str | None
    namespace: str | None
    columns: tuple[str, ...]
    __test__ = False  # pytest collects classes by this name


@dataclass(frozen=True)
class Manifest:
    """Lineage and tests. The empty one stands for a manifest that is not there."""

    lineage: Lineage = field(default_factory=Lineage)
    tests: Mapping[str, TestNode] = field(default_factory=dict)
    adapter: str | None = None


def read_manifest(document: Mapping[str, object]) -> Manifest:
    """From the parsed JSON of a manifest."""
    raw = dict(_raw_nodes(document))
    tests = {node_id: _test(node_id, node) for node_id, node in raw.items() if _kind(node_id, node) == "test"}
    return Manifest(
        lineage=Lineage.of(_edges(document, raw), (_node(node_id, node) for node_id, node in raw.items())),
        tests=tests,
        adapter=text(mapping(document.get("metadata")).get("adapter_type")) or None,
    )


def _raw_nodes(document: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    for section in _SECTIONS:
        for node_id, node in mapping(document.get(section)).items():
            if isinstance(node, Mapping):
                yield node_id, node


def _edges(document: Mapping[str, object], raw: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    for node_id, node in raw.items():
        for parent in strings(mapping(node.get("depends_on")).get("nodes")):
            yield parent, node_id
    for child, parents in mapping(document.get("parent_map")).items():
        for parent in strings(parents):
            yield parent, child


def _node(node_id: str, node: Mapping[str, object]) -> Node:
    config = mapping(node.get("config"))
    kind = _kind(node_id, node)
    name = text(node.get("name")) or short_name(node_id)
    label = text(node.get("label"))
    if kind == "source" and text(node.get("source_name")):
        label = label or f"{text(node.get('source_name'))}.{name}"
    return Node(
        node_id,
        kind=kind,
        name=name,
        label=label,
        path=(text(node.get("original_file_path")) or text(node.get("path"))).replace("\\", "/"),
        tags=(*strings(node.get("tags")), *strings(node.get("fqn")), text(node.get("schema"))),
        published=(text(node.get("access")) or text(config.get("access"))) == "public",
    )


def _kind(node_id: str, node: Mapping[str, object]) -> str:
    return text(node.get("resource_type")) or node_id.split(".", 1)[0]


def _test(test_id: str, node: Mapping[str, object]) -> TestNode:
    metadata = mapping(node.get("test_metadata"))
    arguments = mapping(metadata.get("kwargs"))
    tested = strings(mapping(node.get("depends_on")).get("nodes"))
    return TestNode(
        test_id,
        asset=text(node.get("attached_node")) or _asset(text(arguments.get("model")), tested),
        tested=tested,
        generic=text(metadata.get("name")) or None,
        namespace=text(metadata.get("namespace")) or None,
        columns=_columns(text(node.get("column_name")), arguments),
    )


def _asset(model_argument: str, tested: tuple[str, ...]) -> str | None:
    """The node that the test's `model` argument names; a test of one node looks at that one."""
    if len(tested) == 1:
        return tested[0]
    for _, names in _REFERENCE.findall(model_argument):
        wanted = _QUOTED.findall(names)[-1]
        for node_id in tested:
            if wanted in node_id.split(".")[-2:]:  # the last but one of a versioned model: model.project.orders.v2
                return node_id
    return tested[-1] if tested else None  # dbt lists what is compared with first


def _columns(column: str, arguments: Mapping[str, object]) -> tuple[str, ...]:
    several = next(
        (strings(arguments[key]) for key in ("combination_of_columns", "column_list") if key in arguments), ()
    )
    return several or tuple(filter(None, [column or text(arguments.get("column_name"))]))
