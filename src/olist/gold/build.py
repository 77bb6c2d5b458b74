"""Gold: dbt builds and tests it beside the served one; only a green build takes its place.

dbt runs while silver's shared lock is held, so every model reads one version of silver. What it built from, silver's version and the
project's files, is recorded with the publish: equal inputs are a no-op. The artifacts of every invocation are kept in the lake.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from olist.errors import GoldFailed
from olist.gold.artifacts import keep
from olist.gold.invoke import invoke
from olist.lake.batches import Lake
from olist.warehouse.publish import Publication, hold, latest, publish
from olist.warehouse.sql import tables_in
from opstore.store import Check

__all__ = ["STAGED", "GoldResult", "GoldTable", "build_gold"]

STAGED = "gold_next"
_ARTIFACTS = ("run_results.json", "manifest.json")
_SHOWN = 5


@dataclass(frozen=True)
class GoldTable:
    """One table of gold: rows, and the seconds dbt took for it."""

    table: str
    rows: int
    seconds: float


@dataclass(frozen=True)
class GoldResult:
    """A gold run. `changed` is false when gold was up to date."""

    tables: list[GoldTable]
    checks: list[Check]
    changed: bool


def build_gold(
    lake: Lake,
    project: Path,
    connection: psycopg.Connection,
    *,
    run_id: str,
    work: Path,
    publish_wait: float,
    on_node: Callable[[str], None] = lambda name: None,
    on_built: Callable[[list[Check], Path], None] = lambda checks, artifacts: None,
) -> GoldResult:
    """Bring gold up to date with silver. `work` keeps dbt's target folder and log between runs; `on_built` is told what
    the tests found and where dbt's artifacts are, which may be missing where dbt itself broke down.

    `connection` holds the warehouse's run lock, and publishes: who loses the lock has lost the means to publish, too.

    Raises GoldFailed when there is no silver, or a model or test fails: gold then stands as it was.
    """
    with hold(connection, "silver"):
        inputs = {"gold": _digest(connection, project)}
        before = latest(connection, "gold")
        served = tables_in(connection, "gold")
        if before is not None and before.inputs == inputs and _stands(before, served):
            return GoldResult([GoldTable(t, 0, 0.0) for t in served], [], changed=False)
        connection.execute(f"DROP SCHEMA IF EXISTS {STAGED} CASCADE")
        connection.execute(f"CREATE SCHEMA {STAGED}; CREATE SCHEMA IF NOT EXISTS gold")
        results = _dbt_build(project, connection, work, on_node)
        keep(lake, work / "target", results.invocation_id, _ARTIFACTS)
        checks = [_check(r) for r in results.nodes if _is_test(r)]
        on_built(checks, work / "target")
        _raise_for_failures(results)
        tables = tables_in(connection, STAGED)
        for table in tables:
            connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(STAGED, table)))
        built = [_gold_table(connection, table, results) for table in tables]
        publish(
            connection,
            Publication("gold", run_id, inputs, {"invocation_id": results.invocation_id, "tables": tables}),
            staged=STAGED,
            tables=tables,
            retired=[t for t in served if t not in tables],
            wait=publish_wait,
        )
        connection.execute(f"DROP SCHEMA {STAGED} CASCADE")
        return GoldResult(built, checks, changed=True)


def _stands(published: Publication, served: Collection[str]) -> bool:
    """Whether all of its tables are there: somebody may have dropped some."""
    tables: list[str] = published.details.get("tables", [])
    return bool(tables) and set(served).issuperset(tables)


@dataclass(frozen=True)
class _Results:
    invocation_id: str
    nodes: list[Any]
    error: str | None


def _dbt_build(project: Path, connection: psycopg.Connection, work: Path, on_node: Callable[[str], None]) -> _Results:
    invocation_id = ""

    def on_event(event: Any) -> None:
        nonlocal invocation_id
        invocation_id = event.info.invocation_id
        if event.info.name in ("LogModelResult", "LogTestResult", "LogSeedResult"):
            on_node(event.data.node_info.node_name)

    for name in _ARTIFACTS:  # an invocation that ends before it writes its own must not be given its predecessor's
        (work / "target" / name).unlink(missing_ok=True)
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    outcome = invoke(arguments, project, connection, schema=STAGED, work=work, on_event=on_event)
    nodes = list(getattr(outcome.result, "results", None) or [])
    error = None if outcome.exception is None else str(outcome.exception)
    if not nodes and error is None:
        error = "dbt ran nothing"
    return _Results(invocation_id, nodes, error)


def _raise_for_failures(results: _Results) -> None:
    failed = [r for r in results.nodes if r.status in ("error", "fail", "runtime error")]
    if not failed and results.error is None:
        return
    skipped = sum(r.status == "skipped" for r in results.nodes)
    lines = [f"{r.node.name}: {' '.join((r.message or '').split())}" for r in failed[:_SHOWN]] or [str(results.error)]
    raise GoldFailed(
        f"dbt: {len(failed)} of {len(results.nodes)} nodes failed, {skipped} skipped: nothing was published",
        resource=", ".join(r.node.unique_id for r in failed[:_SHOWN]) or "the dbt project",
        expected="a green build",
        found="\n            ".join(lines),
        remedy=f"look at {STAGED}, which holds what was built; mend the model or its source and run `olist gold`; gold stands as it was",
    )


def _is_test(result: Any) -> bool:
    return bool(result.node.resource_type == "test")


def _check(result: Any) -> Check:
    node = result.node
    metadata = getattr(node, "test_metadata", None)
    attached = getattr(node, "attached_node", None) or (node.depends_on.nodes or ["gold"])[-1]
    status = {"pass": "pass", "warn": "fail", "fail": "fail", "skipped": "skipped"}.get(str(result.status), "error")
    return Check(
        asset=f"gold.{attached.split('.')[2]}" if attached.count(".") >= 2 else attached,
        check_name=node.name,
        kind=node.config.meta.get("kind") or (metadata.name if metadata else "business_rule"),
        severity="warn" if str(node.config.severity).lower() == "warn" else "error",
        status=status,  # type: ignore[arg-type]
        failures=result.failures,
        message=result.message,
    )


def _gold_table(connection: psycopg.Connection, table: str, results: _Results) -> GoldTable:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(STAGED, table))).fetchone()
    seconds = next((r.execution_time for r in results.nodes if getattr(r.node, "alias", None) == table), 0.0)
    return GoldTable(table, row[0] if row else 0, seconds)


def _digest(connection: psycopg.Connection, project: Path) -> str:
    """What gold depends on: the published silver and the project's files."""
    silver = latest(connection, "silver")
    if silver is None:
        raise GoldFailed(
            "there is no silver to build from",
            resource="silver",
            expected="a published version",
            found="none",
            remedy="run `olist run`, or `olist ingest` and `olist silver`",
        )
    digest = hashlib.sha256(repr(sorted(silver.inputs.items())).encode())
    for path in sorted(p for p in project.rglob("*") if p.suffix in (".sql", ".yml", ".csv", ".md")):
        digest.update(path.relative_to(project).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
