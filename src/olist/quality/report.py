"""The quality report: how every check of the data came out last, by layer, as JSON and as a page.

A run may judge some tables only, or none where nothing changed. So each table is shown by the last run that judged it whole, and by
what later runs found of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from opstore.store import Opstore

__all__ = ["LAYERS", "ReportedCheck", "last_checks", "write_report"]

LAYERS = ("bronze", "silver", "gold")
# A run that recorded this check of an asset has judged the asset whole; of gold, every run does.
_WHOLE: Mapping[str, str] = {"bronze": "records", "silver": "row_accounting"}


@dataclass(frozen=True)
class ReportedCheck:
    """One check of one asset as it came out last; `at` is UTC, ISO 8601."""

    layer: str
    asset: str
    check: str
    kind: str
    severity: str
    status: str
    failures: int | None
    message: str | None
    run_id: str
    at: str


def last_checks(opstore: Opstore) -> list[ReportedCheck]:
    """Every check that holds now, bronze first, failed ones first within an asset."""
    found = [_reported(row) for layer in LAYERS for row in opstore.last_checks(layer, _WHOLE.get(layer))]
    return sorted(found, key=lambda c: (LAYERS.index(c.layer), c.asset, c.status == "pass", c.kind, c.check))


def write_report(folder: Path, checks: Iterable[ReportedCheck]) -> dict[str, Any]:
    """Write `report.json` and `report.html` to `folder`; returns the JSON document."""
    rows = [asdict(check) for check in checks]
    written_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    document = {
        "written_at": written_at,
        "total": len(rows),
        "failed": sum(row["status"] != "pass" for row in rows),
        "by_layer": dict(Counter(row["layer"] for row in rows)),
        "by_kind": dict(Counter(row["kind"] for row in rows).most_common()),
        "checks": rows,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    template = jinja2.Environment(
        loader=jinja2.PackageLoader("olist.quality", "html"), undefined=jinja2.StrictUndefined, autoescape=True
    ).get_template("report.html.jinja")
    (folder / "report.html").write_text(template.render(checks=rows, written_at=written_at), encoding="utf-8")
    return document


def _reported(row: Mapping[str, Any]) -> ReportedCheck:
    return ReportedCheck(
        row["asset"].split(".")[0],
        row["asset"],
        row["check_name"],
        row["kind"],
        row["severity"],
        row["status"],
        row["failures"],
        row["message"],
        row["run_id"],
        row["recorded_at"],
    )
