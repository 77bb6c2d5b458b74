"""dbt's artifacts as facts of the record: a run for each invocation, its checks, an event for each failure and slow model, the lineage.

Ids follow from the invocation, so that recording the same artifacts again records nothing, whoever does it and however often. What
cannot be read is an event as well: it must not pass for green.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from openclaw.artifacts.checks import check_of
from openclaw.artifacts.files import Unreadable, find, read_object
from openclaw.artifacts.freshness import read_freshness
from openclaw.artifacts.manifest import Manifest, read_manifest
from openclaw.artifacts.results import Results, latest, read_results
from openclaw.artifacts.shapes import mappings, number, text
from openclaw.lineage import Lineage
from openclaw.model import Failure
from openclaw.slowness import WINDOW, checks, events, judge
from openclaw.sql import statement
from opstore.store import Check, Edge, Event, Opstore, OpstoreUnavailable, RunFinish, RunStart, event_id, utc_now

__all__ = ["Recorded", "record"]

# The checks by which a node that was built, and artifacts that could be read, tell that an incident of theirs is over.
_BUILT, _READABLE = "built", "readable"
_TESTS = frozenset({"test", "unit_test"})
_PASSED = frozenset({"success", "pass", "passed"})
_NAMES = ("run_results.json", "sources.json", "manifest.json")
_DEADLINE = 3600.0
_MOST_SKIPPED = 500


@dataclass(frozen=True)
class Recorded:
    """What the folder held: invocations (`runs`), failures (`events`), what passed (`checks`). `errors` is what could not be read."""

    runs: tuple[str, ...]
    events: int
    checks: int
    errors: tuple[str, ...]


@dataclass(frozen=True)
class _Context:
    """Where the facts go: the record, the run that dbt was part of, and that run's step."""

    store: Opstore
    place: Path
    parent: str | None
    step: str | None


def record(store: Opstore, place: Path, parent: str | None = None) -> Recorded:
    """Record the artifacts in a folder, as part of the run `parent` where one is given; a manifest alone gives its lineage.

    Raises OpstoreUnavailable when neither the record nor its spool can be written.
    """
    context = _Context(store, place, parent, _step_of(store, parent))
    errors: list[str] = []
    manifest = _manifest(place, errors)
    _record_lineage(store, manifest.lineage)
    runs, failed, well = [], 0, 0
    for document, read in _documents(place, manifest, errors):
        errors += read.notes
        passed = list(_passed(document, manifest))
        runs.append(_record_invocation(context, document, read, passed))
        failed, well = failed + len(read.failures), well + len(passed)
    if runs or errors:
        _record_readability(context, errors)
    return Recorded(tuple(runs), failed + len(errors), well, tuple(errors))


def _manifest(place: Path, errors: list[str]) -> Manifest:
    path = next((p for p in (place / "manifest.json", place / "target" / "manifest.json") if p.is_file()), None)
    try:
        path = path or find(place).manifest
        return read_manifest(read_object(path)) if path else Manifest()
    except Unreadable as problem:
        errors.append(str(problem))
        return Manifest()


def _documents(place: Path, manifest: Manifest, errors: list[str]) -> Iterator[tuple[Mapping[str, object], Results]]:
    """Each artifact of an invocation, and what it says."""
    try:
        found = find(place)
    except Unreadable as problem:
        if manifest == Manifest() and not errors:
            errors.append(str(problem))
        return
    for path in filter(None, (found.run_results, found.sources)):
        try:
            document = read_object(path)
        except Unreadable as problem:
            errors.append(str(problem))
            continue
        read = read_freshness(document) if path == found.sources else read_results(document, manifest)
        yield document, read


def _record_invocation(context: _Context, document: Mapping[str, object], read: Results, passed: list[Check]) -> str:
    name = read.invocation.get("invocation_id") or _digest(repr(document))
    run_id, at = f"dbt:{name}", _moment(read.invocation.get("generated_at"))
    step = f"dbt {read.invocation.get('command') or 'build'}"
    failed = any(failure.status != "warn" for failure in read.failures) or bool(read.notes)
    seconds = number(document.get("elapsed_time")) or 0.0
    store, spent = context.store, _seconds(document)
    judged = judge(spent, _history(store, at)) if spent else []
    store.start(RunStart(run_id, step, str(context.place), context.parent, _DEADLINE, None, "{}", at))
    store.record_checks(run_id, [*passed, *map(_failed, read.failures), *checks(step, judged)], at)
    store.record_events(
        _event(context, run_id, at, failure, read.skipped if number == 0 else ())
        for number, failure in enumerate(read.failures)
    )
    store.record_events(events(run_id, step, at, judged))
    said = f"{len(read.failures)} of {read.total} failed, {len(read.skipped)} skipped"
    said += f", {len(read.notes)} not understood" if read.notes else ""
    details = json.dumps({"seconds": spent}) if spent else None
    store.finish(RunFinish(run_id, step, "failed" if failed else "success", None, seconds, said, details, at))
    return run_id


def _seconds(document: Mapping[str, object]) -> dict[str, float]:
    """What dbt spent on each model that it built."""
    found = {}
    for row in mappings(document.get("results")):
        unique_id, seconds = text(row.get("unique_id")), number(row.get("execution_time"))
        if unique_id.startswith("model.") and _came_out_well(row) and seconds is not None:
            found[unique_id] = round(seconds, 3)
    return found


def _history(store: Opstore, before: str) -> list[dict[str, float]]:
    """What `_seconds` found in earlier invocations; nothing while the record is away."""
    try:
        rows = store.query(statement("model_seconds"), {"until": before, "most": WINDOW})
    except OpstoreUnavailable:
        return []
    return [json.loads(row["details"])["seconds"] for row in rows]


def _passed(document: Mapping[str, object], manifest: Manifest) -> Iterator[Check]:
    """What came out well: tests by what they look at, nodes as built, sources as fresh. One check an asset and name."""
    seen = set()
    for row in latest(mappings(document.get("results"))):
        unique_id = text(row.get("unique_id"))
        if not _came_out_well(row) or not unique_id:
            continue
        check = _check_of(unique_id, manifest)
        if (key := (check.asset, check.check_name)) not in seen:
            seen.add(key)
            yield check


def _came_out_well(row: Mapping[str, object]) -> bool:
    return text(row.get("status")).strip().lower() in _PASSED


def _check_of(unique_id: str, manifest: Manifest) -> Check:
    kind = unique_id.partition(".")[0]
    if kind == "test":
        tested = check_of(unique_id, manifest.tests.get(unique_id))
        return Check(tested.asset or unique_id, _test_name(unique_id), "dbt_test", "error", "pass", 0)
    name = "freshness" if kind == "source" else _BUILT
    return Check(unique_id, name, f"dbt_{kind}", "error", "pass", 0)


def _name(failure: Failure) -> str | None:
    """The check that failed, by a name that tells two tests of one kind on one table apart."""
    return _test_name(failure.resource) if failure.kind == "test" else failure.check


def _test_name(unique_id: str) -> str:
    """dbt's own: test.<project>.<name>.<hash>."""
    return unique_id.split(".")[2] if unique_id.count(".") > 1 else unique_id


def _failed(failure: Failure) -> Check:
    asset, name = failure.asset or failure.resource, _name(failure) or _BUILT
    count = failure.context.get("count")
    return Check(
        asset,
        name,
        f"dbt_{failure.kind}",
        "warn" if failure.status == "warn" else "error",
        "error" if failure.status == "error" else "fail",
        count if isinstance(count, int) else None,
        failure.message[:2000] or None,
    )


def _event(context: _Context, run_id: str, at: str, failure: Failure, skipped: tuple[str, ...]) -> Event:
    known = {
        **failure.context,
        "kind": failure.kind,
        "status": failure.status,
        "asset": failure.asset,
        "step": context.step,
        "passes": None if failure.check else _BUILT,
        "skipped": list(skipped[:_MOST_SKIPPED]),
    }
    return Event(
        event_id("dbt", run_id, failure.failure_id),
        failure.event_type,
        failure.resource or "a node without an id",
        failure.message or f"{failure.check or failure.resource} failed without a message",
        _name(failure),
        run_id,
        {name: value for name, value in known.items() if value not in (None, [], ())},
        at,
    )


def _record_readability(context: _Context, errors: list[str]) -> None:
    """Whether the artifacts of this place could be read, as a check; and each that could not, as an event."""
    state = _digest(*(_content(context.place, name) for name in _NAMES), *errors)
    run_id, asset = context.parent or f"artifacts:{state}", f"artifacts:{context.step or context.place}"
    status = "error" if errors else "pass"
    found = "; ".join(errors) or None
    context.store.record_checks(run_id, [Check(asset, _READABLE, "artifact", "error", status, len(errors), found)])  # type: ignore[arg-type]
    known: dict[str, object] = {"kind": "artifact", "status": "error", "file": str(context.place)}
    context.store.record_events(
        Event(event_id("artifact", state, error), "PIPELINE_FAILED", asset, error, _READABLE, run_id, known)
        for error in errors
    )


def _record_lineage(store: Opstore, lineage: Lineage) -> None:
    """The manifest's edges, tests left out: they look at nodes, and nothing is made of them. A node without any has one to itself."""
    edges = [
        Edge(parent, child, lineage.node(child).kind, lineage.node(child).label or None)
        for child, parents in lineage.parents.items()
        for parent in parents
        if lineage.node(child).kind not in _TESTS
    ]
    tied = {name for edge in edges for name in (edge.parent, edge.child)}
    alone = (node for name, node in lineage.nodes.items() if name not in tied and node.kind not in _TESTS)
    edges += [Edge(node.node_id, node.node_id, node.kind, node.label or None) for node in alone]
    if edges:
        store.record_lineage(f"dbt:{_project(edges)}", edges)


def _project(edges: list[Edge]) -> str:
    """The project that most nodes are of."""
    names = [edge.child.split(".")[1] for edge in edges if edge.child.count(".") > 1]
    return max(sorted(set(names)), key=names.count, default="")


def _step_of(store: Opstore, run_id: str | None) -> str | None:
    if run_id is None:
        return None
    found = store.query("SELECT step FROM ops_runs WHERE run_id = ? AND phase = 'started'", [run_id])
    return str(found[0]["step"]) if found else None


def _moment(written: str | None) -> str:
    """dbt's time as the record writes times; now, where it cannot be read."""
    try:
        at = datetime.fromisoformat(written or "")
    except ValueError:
        return utc_now()
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _content(place: Path, name: str) -> str:
    try:
        return hashlib.sha256((place / name).read_bytes()).hexdigest()
    except OSError:
        return ""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
