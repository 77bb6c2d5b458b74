"""Failures → groups with one cause each. Works for dbt nodes as for pipeline steps, Airflow tasks and checks of any tool.

Two failures have one cause when
- they say the same words about the same thing (a missing table on many nodes), or the same thing happened to all (no connection to one
  host; where none is named, none in one family of runs);
- one is downstream of the other and is what the other leads to (a missing table below a model that failed, nulls passed on);
- they are the same defect seen twice: the same rows by two checks, one table with two keys doubled, one group of sources gone stale;
- one is a task or a step, and the other failed inside it.

The root of a group is the failure furthest upstream, an error before a failed check before a warning, the earlier before the later.
Groups are the same whatever the order of the failures.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from openclaw.lineage import Lineage
from openclaw.model import Category, Diagnosis, Failure
from openclaw.signature import host, names, signature

__all__ = ["CONTAINERS", "Group", "correlate"]

CONTAINERS = frozenset({"task", "step"})
_ORDER = {"error": 0, "fail": 1, "stale": 2, "warn": 3, "skipped": 4}
# One outage hits whatever is running: that two nodes report it is no sign of two causes.
_OUTAGES: frozenset[Category] = frozenset({"connectivity"})
# What is wrong with a node's own SQL or rows. Two nodes may well say it in the same words, since those name nothing that both lack.
_OWN: frozenset[Category] = frozenset(
    {
        "duplicate_key",
        "null_violation",
        "referential_integrity",
        "domain_violation",
        "business_rule",
        "sql_syntax",
        "type_or_parse_error",
        "runtime_error",
        "contract_violation",
        "concurrency",
        "unknown",
    }
)
# The same of two categories of which other words do name what is missing: a column, a macro.
_OWN_WORDS = re.compile(
    r"\bincremental model\b|\bexpected token\b|\bunexpected ['\"]|\bunknown tag\b|\bend of (?:template|statement)\b"
)
# What a failure of one category leads to further down, besides more of the same.
_LEADS_TO: dict[Category, frozenset[Category]] = {
    "schema_drift": frozenset({"missing_relation", "type_or_parse_error", "contract_violation", "null_violation"}),
    "type_or_parse_error": frozenset({"schema_drift", "contract_violation", "null_violation"}),
    "contract_violation": frozenset({"schema_drift", "missing_relation"}),
    "stale_source": frozenset({"volume_anomaly"}),
    "volume_anomaly": frozenset({"stale_source", "referential_integrity"}),
    "null_violation": frozenset({"referential_integrity"}),
}
# What is said of rows; the same words there do not make the same defect, unless the column is the same.
_ROWS: frozenset[Category] = frozenset(
    {"duplicate_key", "null_violation", "referential_integrity", "domain_violation", "business_rule"}
)


@dataclass(frozen=True)
class Group:
    """The failures of one cause, the root's first, and why the root failed."""

    failures: tuple[Failure, ...]
    diagnosis: Diagnosis

    @property
    def root(self) -> Failure:
        """The failure that the others follow from."""
        return self.failures[0]


def correlate(
    failures: Sequence[Failure], lineage: Lineage, diagnose: Callable[[Failure], Diagnosis]
) -> tuple[Group, ...]:
    """The groups, the worst first. Skipped nodes are consequences and form no group."""
    cases = [_Case(failure, diagnose(failure)) for failure in failures if failure.status != "skipped"]
    cases.sort(key=lambda case: (case.failure.resource, case.failure.check or "", case.failure.failure_id))
    causes = _Union(len(cases))
    for alike in _by_shared_traits(cases):
        causes.join(alike)
    for above, below in _by_lineage(cases, lineage, causes):
        causes.join((above, below))
    _put_into_containers(cases, causes, lineage)
    groups = [_group([cases[i] for i in members], lineage) for members in causes.sets()]
    return tuple(
        sorted(groups, key=lambda group: (_ORDER[group.root.status], group.root.resource, group.root.failure_id))
    )


@dataclass(frozen=True)
class _Case:
    failure: Failure
    diagnosis: Diagnosis

    @property
    def category(self) -> Category:
        return self.diagnosis.category

    @property
    def asset(self) -> str:
        return self.failure.asset or self.failure.resource

    @property
    def stopped(self) -> bool:
        """Whether it could not do its work, rather than found something wrong."""
        return self.failure.status == "error"

    @property
    def columns(self) -> tuple[str, ...]:
        return self.failure.columns

    @property
    def count(self) -> int | None:
        found = self.failure.context.get("count")
        return found if isinstance(found, int) else None


class _Union:
    """Sets of numbers that grow together (union by attachment, path halving)."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, item: int) -> int:
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, items: Iterable[int]) -> None:
        roots = sorted({self.find(item) for item in items})
        for root in roots[1:]:
            self._parent[root] = roots[0]

    def sets(self) -> list[list[int]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        for item in range(len(self._parent)):
            found[self.find(item)].append(item)
        return list(found.values())


# --- The same thing said or seen twice ----------------------------------------------------------------------------------------


def _by_shared_traits(cases: Sequence[_Case]) -> Iterator[list[int]]:
    alike: defaultdict[Hashable, list[int]] = defaultdict(list)
    for i, case in enumerate(cases):
        if case.failure.kind not in CONTAINERS:
            for trait in _traits(case):
                alike[trait].append(i)
    yield from (members for members in alike.values() if len(members) > 1)
    yield from _by_the_only_host(cases)


def _by_the_only_host(cases: Sequence[_Case]) -> Iterator[list[int]]:
    """An outage that some name the host of and others do not: of what ran together it is one, where only one host is named."""
    families: defaultdict[Hashable, list[int]] = defaultdict(list)
    for i, case in enumerate(cases):
        if case.stopped and case.category in _OUTAGES and case.failure.kind not in CONTAINERS:
            families[case.category, _family(case.failure)].append(i)
    for members in families.values():
        if len({named for i in members if (named := host(cases[i].failure.message))}) == 1:
            yield [i for i in members if cases[i].failure.message.strip()]


def _traits(case: _Case) -> Iterator[Hashable]:
    """What two failures must share, any one of these, to have one cause."""
    if case.stopped:
        yield from _traits_of_errors(case)
    elif case.category == "stale_source" and case.failure.kind == "source":
        yield "stale", case.asset.rsplit(".", 1)[0]
    elif case.asset:
        yield from _traits_of_checks(case)


def _traits_of_errors(case: _Case) -> Iterator[Hashable]:
    failure = case.failure
    if failure.resource:
        yield "itself", failure.resource, failure.check, case.category
    if not failure.message.strip():
        return
    if case.category in _OUTAGES:
        named = host(failure.message)
        yield case.category, named, None if named else _family(failure)
    elif case.category not in _OWN:
        words = signature(failure, case.category)
        if not _OWN_WORDS.search(words):
            yield "words", case.category, words
    if case.failure.check and case.asset:
        yield (
            "one check",
            case.failure.check,
            case.asset,
            case.category,
            signature(case.failure, case.category, blind=True),
        )


def _family(failure: Failure) -> Hashable:
    """What it ran together with."""
    return failure.context.get("family", failure.run_id)


def _traits_of_checks(case: _Case) -> Iterator[Hashable]:
    failure = case.failure
    yield "itself", failure.resource, failure.check, case.category
    if case.category == "duplicate_key":
        yield "rows twice", case.asset
    if case.category == "stale_source":
        yield "stale", case.asset
    if case.count is None or not case.columns:
        return
    yield "same rows", case.asset, case.columns, case.count
    if case.category == "null_violation":
        yield "emptied together", case.asset, case.count
    if case.count > 1 and len(case.columns) == 1:
        yield (
            "same rows of siblings",
            failure.kind,
            failure.check,
            failure.status,
            case.columns,
            case.count,
            _siblings(case.asset),
        )


def _siblings(asset: str) -> Hashable:
    """Tables of one source are loaded together; other assets have no siblings."""
    return asset.rsplit(".", 1)[0] if asset.startswith("source.") else asset


# --- What follows from what ---------------------------------------------------------------------------------------------------


def _by_lineage(cases: Sequence[_Case], lineage: Lineage, causes: _Union) -> Iterator[tuple[int, int]]:
    at: defaultdict[str, dict[Hashable, int]] = defaultdict(dict)
    for i, case in enumerate(cases):
        if case.asset and case.failure.kind not in CONTAINERS:
            at[case.asset].setdefault((causes.find(i), case.category, case.columns, case.stopped), i)
    for asset, below in at.items():
        for upstream in [asset, *sorted(lineage.ancestors(asset) & at.keys())]:
            for i, j in product(at[upstream].values(), below.values()):
                if i != j and _leads_to(cases[i], cases[j], same_asset=upstream == asset):
                    yield i, j
    yield from _by_name(cases)


def _leads_to(above: _Case, below: _Case, *, same_asset: bool) -> bool:
    if above.stopped and below.stopped and not above.failure.check:
        return not same_asset and (
            above.category == below.category or below.category in ("missing_relation", "schema_drift")
        )
    if below.category in _LEADS_TO.get(above.category, ()):
        return _compatible(above, below)
    if above.category != below.category or same_asset:
        return False
    if above.category in _ROWS:
        return not above.stopped and not below.stopped and bool(above.columns) and above.columns == below.columns
    return above.category == "missing_relation" or _compatible(above, below)


def _compatible(above: _Case, below: _Case) -> bool:
    """Whether nothing speaks against it: both name columns and none is shared."""
    return not above.columns or not below.columns or bool(set(above.columns) & set(below.columns))


def _by_name(cases: Sequence[_Case]) -> Iterator[tuple[int, int]]:
    """A model that names a table in its SQL without declaring it: the missing table is the one that another node failed to make."""
    made = {
        case.failure.resource.rsplit(".", 1)[-1].lower(): i
        for i, case in enumerate(cases)
        if case.stopped and not case.failure.check and case.failure.kind in ("model", "seed", "snapshot")
    }
    for j, case in enumerate(cases):
        if case.stopped and case.category == "missing_relation":
            for name in names(signature(case.failure, case.category)):
                if made.get(name, j) != j:
                    yield made[name], j


# --- Tasks and steps ----------------------------------------------------------------------------------------------------------


def _put_into_containers(cases: Sequence[_Case], causes: _Union, lineage: Lineage) -> None:
    """A task fails because something in it failed. Of several causes it goes to the worst, so that it never glues them together."""
    inside = [i for i, case in enumerate(cases) if case.failure.kind not in CONTAINERS]
    for i, case in enumerate(cases):
        if case.failure.kind not in CONTAINERS:
            continue
        because = [j for j in inside if _inside(cases[j], case, lineage)]
        because = because or [
            j for j in range(i) if cases[j].failure.kind in CONTAINERS and _inside(cases[j], case, lineage)
        ]
        if because:
            causes.join((min(because, key=lambda j: _root_order(cases[j])), i))


def _inside(case: _Case, container: _Case, lineage: Lineage) -> bool:
    if case.failure.status in ("warn", "stale"):
        return False
    runs = container.failure.context.get("runs")
    known = {container.failure.run_id, *(map(str, runs) if isinstance(runs, list | tuple) else ())} - {None}
    return case.failure.run_id in known or case.asset in lineage.ancestors(container.asset)


# --- Groups -------------------------------------------------------------------------------------------------------------------


def _root_order(case: _Case) -> tuple[object, ...]:
    failure = case.failure
    return (
        failure.kind in CONTAINERS,
        _ORDER[failure.status],
        failure.occurred_at or "",
        failure.resource,
        failure.failure_id,
    )


def _group(members: list[_Case], lineage: Lineage) -> Group:
    assets = {case.asset for case in members}
    depth = {asset: len(lineage.ancestors(asset) & assets) for asset in assets}
    members.sort(key=lambda case: (case.failure.kind in CONTAINERS, depth[case.asset], *_root_order(case)))
    return Group(tuple(case.failure for case in members), members[0].diagnosis)
