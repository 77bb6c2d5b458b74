"""Whether the sources are fresh, in dbt's own words. Asked after each build, also one that had nothing to do: that is when they age.

What it says is kept in the lake with the other artifacts, as an invocation of its own; whoever watches dbt judges it from there.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

from olist.errors import GoldFailed
from olist.gold.artifacts import keep
from olist.gold.invoke import invoke
from olist.lake.batches import Lake

__all__ = ["ask_freshness"]

_SAID = "sources.json"


def ask_freshness(lake: Lake, project: Path, connection: psycopg.Connection, *, schema: str, work: Path) -> Path:
    """Run `dbt source freshness` and keep its `sources.json`; returns the folder where dbt has left it, beside the manifest.

    A stale source is no error of this step. Raises GoldFailed when dbt could not ask.
    """
    target = work / "target"
    (target / _SAID).unlink(missing_ok=True)
    invocation_id = ""

    def on_event(event: object) -> None:
        nonlocal invocation_id
        invocation_id = event.info.invocation_id  # type: ignore[attr-defined]

    outcome = invoke(["source", "freshness"], project, connection, schema=schema, work=work, on_event=on_event)
    if not keep(lake, target, invocation_id, [_SAID]):
        raise GoldFailed(
            "dbt: the freshness of the sources could not be asked",
            resource=str(project),
            expected=_SAID,
            found=str(outcome.exception or "nothing"),
            remedy=f"see {work / 'logs' / 'dbt.log'}; gold itself is not affected",
        )
    return target
