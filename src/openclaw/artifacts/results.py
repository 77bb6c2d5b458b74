"""run_results.json of any version → failures, and the nodes that were skipped.

Since dbt 0.19 a result has `unique_id`, `status`, `message`, `failures`. Before, it had a nested `node`, `error`, the flags `fail`,
`warn` and `skip`, and as its status whatever the adapter said ("SELECT 1254575", "-1", 0.0): there only error and flags count.
Fusion writes the words of the status with a capital.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from openclaw.artifacts.checks import Check, check_of
from openclaw.artifacts.manifest import Manifest
from openclaw.artifacts.shapes import mapping, number, rows_of, text
from openclaw.model import EventType, Failure

__all__ = ["Results", "Status", "invocation_of", "latest", "read_results"]

Status = Literal["ok", "error", "fail", "warn", "stale", "skipped"]
_Bad = Literal["error", "fail", "warn", "stale"]
Kind = Literal["model", "test", "unit_test", "seed", "snapshot", "source", "operation"]

_WORDS: dict[str, Status] = {
    "success": "ok",
    "pass": "ok",
    "passed": "ok",
    "no-op": "ok",
    "no op": "ok",
    "noop": "ok",
    "reused": "ok",
    "error": "error",
    "errored": "error",
    "runtime error": "error",
    "runtime_error": "error",
    "partial success": "error",  # some batches of a microbatch model failed
    "fail": "fail",
    "failed": "fail",
    "warn": "warn",
    "warning": "warn",
    "stale": "stale",
    "skip": "skipped",
    "skipped": "skipped",
}
_KINDS: dict[str, Kind] = {
    "model": "model",
    "test": "test",
    "unit_test": "unit_test",
    "seed": "seed",
    "snapshot": "snapshot",
    "source": "source",
    "operation": "operation",
    "macro": "operation",
    "sql operation": "operation",
}
_NAMELESS = "a node without an id"


@dataclass(frozen=True)
class Results:
    """What one artifact says. `notes` is what could not be understood in it; `invocation` says how dbt was called."""

    failures: tuple[Failure, ...] = ()
    skipped: tuple[str, ...] = ()
    total: int = 0
    notes: tuple[str, ...] = ()
    invocation: Mapping[str, str] = field(default_factory=dict)


def read_results(document: Mapping[str, object], manifest: Manifest) -> Results:
    """From the parsed JSON of run_results.json."""
    invocation = invocation_of(document)
    rows, odd = rows_of(document.get("results", []), "run_results.json")
    failures, skipped, notes = [], [], list(odd)
    for position, row in enumerate(latest(rows)):
        unique_id = _unique_id(row)
        status = _status(row)
        if status == "skipped":
            skipped.append(unique_id)
        elif status is None:
            notes.append(
                f"{unique_id or _NAMELESS} has the status {row.get('status')!r}, which no version of dbt is known to write."
            )
        elif status != "ok":
            failures.append(_failure(row, unique_id, status, position, manifest, invocation))
    if "results" not in document:
        notes.append("run_results.json has no `results`.")
    return Results(tuple(failures), tuple(filter(None, skipped)), len(rows), tuple(notes), invocation)


def latest(rows: Sequence[Mapping[str, object]]) -> tuple[Mapping[str, object], ...]:
    """The rows, of a node that was tried twice the last one alone. To be skipped is no try."""
    named = [(place, _unique_id(row)) for place, row in enumerate(rows)]
    last = {name: place for place, name in named if _status(rows[place]) != "skipped"}
    return tuple(rows[place] for place, name in named if not name or last.get(name, place) == place)


def invocation_of(document: Mapping[str, object]) -> dict[str, str]:
    """How dbt was called: `version`, `command`, `invocation_id`, `generated_at`, those that are known."""
    metadata = mapping(document.get("metadata"))
    known = {
        "version": text(metadata.get("dbt_version")),
        "command": text(mapping(document.get("args")).get("which"))
        or text(mapping(document.get("args")).get("rpc_method")),
        "invocation_id": text(metadata.get("invocation_id")),
        "generated_at": text(metadata.get("generated_at")) or text(document.get("generated_at")),
    }
    return {key: value for key, value in known.items() if value}


def _unique_id(row: Mapping[str, object]) -> str:
    node = mapping(row.get("node"))
    return text(row.get("unique_id")) or text(node.get("unique_id")) or text(node.get("name"))


def _status(row: Mapping[str, object]) -> Status | None:
    """None where nothing is known of the word."""
    if "node" in row:
        return _old_status(row)
    return _WORDS.get(text(row.get("status")).strip().lower())


def _old_status(row: Mapping[str, object]) -> Status:
    flags: tuple[tuple[str, Status], ...] = (("skip", "skipped"), ("warn", "warn"), ("fail", "fail"))
    if row.get("error"):
        return "skipped" if row.get("skip") is True else "error"
    for flag, status in flags:
        if row.get(flag) is True:
            return status
    word = _WORDS.get(text(row.get("status")).strip().lower(), "ok")
    failed_rows = number(row.get("status")) if _kind(_unique_id(row)) == "test" else None
    return "fail" if failed_rows and failed_rows > 0 and row.get("fail") is None else word


def _failure(
    row: Mapping[str, object],
    unique_id: str,
    status: _Bad,
    position: int,
    manifest: Manifest,
    invocation: Mapping[str, str],
) -> Failure:
    kind = _kind(unique_id)
    check = check_of(unique_id, manifest.tests.get(unique_id)) if kind == "test" else None
    return Failure(
        failure_id=f"{invocation.get('invocation_id', 'run')}:{unique_id or position}",
        event_type=_event_type(kind),
        resource=unique_id,
        kind=kind,
        status=status,
        message=_message(row),
        asset=check.asset if check else None,
        check=check.name if check else None,
        run_id=invocation.get("invocation_id"),
        occurred_at=invocation.get("generated_at"),
        context=_context(row, unique_id, status, check, manifest),
    )


def _context(
    row: Mapping[str, object], unique_id: str, status: Status, check: Check | None, manifest: Manifest
) -> dict[str, object]:
    """What structure tells beside the words: `category` of a failed check, `columns`, `count`, `file`, `tested`, `singular`."""
    known: dict[str, object] = {
        "file": manifest.lineage.node(unique_id).path or text(mapping(row.get("node")).get("path"))
    }
    count = number(row.get("failures"))
    if count is None and "node" in row:
        count = number(row.get("status"))
    if count is not None and status in ("fail", "warn"):
        known["count"] = int(count)
    if check is not None:
        known |= {"columns": check.columns, "tested": check.tested, "singular": check.singular}
        if status != "error":
            known["category"] = check.category
    if _kind(unique_id) == "unit_test" and status == "fail":
        known["category"] = "unit_test_failure"
    if _kind(unique_id) == "source" and status != "error":
        known["category"] = "stale_source"
    return {key: value for key, value in known.items() if value not in ("", (), None, False)}


def _kind(unique_id: str) -> Kind:
    return _KINDS.get(unique_id.split(".", 1)[0], "model")


def _event_type(kind: Kind) -> EventType:
    if kind in ("test", "unit_test"):
        return "DBT_TEST_FAILED"
    return "DBT_FRESHNESS_STALE" if kind == "source" else "DBT_RUN_FAILED"


def _message(row: Mapping[str, object]) -> str:
    words = row.get("message") or row.get("error")
    return words if isinstance(words, str) else ""
