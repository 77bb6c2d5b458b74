"""Data Docs: what was expected of each table and how it came out, as Great Expectations renders it.

Every judgement writes the pages of the tables that it judged, so that `<folder>/docs` always shows each table's last one. They are made
from the stored validation results and can be made again from these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

if TYPE_CHECKING:
    from great_expectations.render.view import DefaultJinjaPageView

__all__ = ["INDEX", "rebuild", "write_pages"]

INDEX = Path("docs", "index.html")


def write_pages(folder: Path, results: Iterable[Mapping[str, Any]]) -> None:
    """Write a page per validation result, as it is stored, and the index of all pages."""
    pages = folder / "docs"
    pages.mkdir(parents=True, exist_ok=True)
    for result in results:
        (pages / f"{result['suite_name']}.html").write_text(_page(result), encoding="utf-8")
        (pages / f"{result['suite_name']}.json").write_text(json.dumps(_summary(result)), encoding="utf-8")
    summaries = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(pages.glob("*.json"))]
    index = _templates().get_template("docs.html.jinja").render(summaries=summaries)
    (folder / INDEX).write_text(index, encoding="utf-8")


def rebuild(folder: Path) -> Path | None:
    """Write every table's page again from its last stored result; returns the index, None when nothing was judged yet."""
    latest = {path.stem: path for path in sorted((folder / "results").glob("*/*.json"))}
    if not latest:
        return None
    write_pages(folder, (json.loads(path.read_text(encoding="utf-8")) for path in latest.values()))
    return folder / INDEX


def _summary(result: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": result["suite_name"],
        "run": result["meta"]["run_id"]["run_name"],
        "success": result["success"],
        **result["statistics"],
    }


def _page(result: Mapping[str, Any]) -> str:
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    stored = expectationSuiteValidationResultSchema.load(dict(result))
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(stored)
    page: str = _view().render(document)
    return page


@cache
def _view() -> DefaultJinjaPageView:
    """One for all pages: each compiles its templates anew, which takes longer than all else."""
    from great_expectations.render.view import DefaultJinjaPageView

    return DefaultJinjaPageView()


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("olist.quality", "html"), undefined=jinja2.StrictUndefined, autoescape=True
    )
