"""How bad it is, from what it reaches: P1 where a pipeline is blocked or people see the damage, P2 for degradation or risk.

The reasons are given with the verdict, the weightiest first, so that nobody has to take it on trust.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from openclaw.lineage import Lineage, Node, short_name
from openclaw.model import Failure, Severity

__all__ = ["Impact", "grade", "is_published"]

# Names by which projects call the layer that people read, as a folder, a schema, a tag or the first word of a table.
_LAYERS = frozenset("mart marts gold reporting reports presentation consumption semantic".split())
_PREFIX = re.compile(r"^(fct|fact|dim|mart|rpt|report|agg|obt|kpi)_", re.IGNORECASE)
_SHOWN = 3  # names in a reason; the rest is a count


@dataclass(frozen=True)
class Impact:
    """What one cause did. `failures` are those that it explains, `skipped` what was not run because of it, `affected` what hangs on it."""

    failures: Sequence[Failure]
    skipped: Collection[str]
    affected: Collection[str]
    exposures: Sequence[str]


def grade(impact: Impact, lineage: Lineage) -> tuple[Severity, tuple[str, ...]]:
    """The severity, and why."""
    warned = all(failure.status == "warn" for failure in impact.failures)
    published = [lineage.node(n) for n in _places(impact) if is_published(lineage.node(n))]
    blocking = [reason for reason in (_stopped(impact), _skipped(impact)) if reason]
    reached = [reason for reason in (_dashboards(impact), _marts(published)) if reason]
    if warned:
        return "P2", ("only warnings: its owner set it not to block", *reached)
    if blocking or reached:
        return "P1", (*blocking, *reached)
    return "P2", (_contained(impact),)


def is_published(node: Node) -> bool:
    """Whether people outside the project read it: declared public, or in the layer that projects publish from."""
    if node.kind in ("test", "unit_test", "source", "exposure"):
        return False
    folders = node.path.replace("\\", "/").lower().split("/")[:-1]
    schema, dot, table = node.name.rpartition(".")
    words = {*folders, *(tag.lower() for tag in node.tags), *(schema.lower().split(".") if dot else ())}
    return node.published or bool(words & _LAYERS) or bool(_PREFIX.match(table))


def _places(impact: Impact) -> list[str]:
    return list(dict.fromkeys([*(failure.asset or failure.resource for failure in impact.failures), *impact.affected]))


def _stopped(impact: Impact) -> str:
    stopped = [
        f for f in impact.failures if f.status == "error" and f.check is None and f.kind not in ("test", "unit_test")
    ]
    if not stopped:
        return ""
    nodes = [f for f in stopped if f.kind not in ("task", "step")]
    if not nodes:
        return f"the pipeline is blocked: {_listed([f.resource for f in stopped])} failed"
    return f"a run failed: {_listed([f.resource for f in nodes])} {'was' if len(nodes) == 1 else 'were'} not built"


def _skipped(impact: Impact) -> str:
    return f"{_number(len(impact.skipped), 'node')} downstream skipped" if impact.skipped else ""


def _dashboards(impact: Impact) -> str:
    return (
        f"reaches {_number(len(impact.exposures), 'dashboard')}: {_listed(impact.exposures)}"
        if impact.exposures
        else ""
    )


def _marts(published: Sequence[Node]) -> str:
    return f"reaches published data: {_listed([node.title for node in published])}" if published else ""


def _contained(impact: Impact) -> str:
    if all(failure.status == "stale" for failure in impact.failures):
        return "data is late; nothing published is known to depend on it"
    if any(failure.status == "error" for failure in impact.failures):
        return "a check could not be carried out; nothing was blocked"
    return "nothing was blocked, and nothing published is known to depend on it"


def _listed(found: Sequence[str]) -> str:
    shown = ", ".join(short_name(name) if name.count(".") > 1 else name for name in found[:_SHOWN])
    return shown + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
