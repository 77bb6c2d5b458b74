"""Great Expectations decides: suites over rows of metrics, a boolean pass first, details only of what failed.

Importing it takes seconds, so it is imported where it is needed, and `warm_up` begins early, beside the work that comes before the
judgement. Every judgement leaves its validation results below `<folder>/results`, from which the Data Docs are made.
"""

from __future__ import annotations

import json
import os
import threading
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from olist.quality.suites import Asset, gx_suite
from opstore.store import Check

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.data_context import AbstractDataContext

__all__ = ["judge", "warm_up"]

_importing = threading.Lock()


@cache
def warm_up() -> None:
    """Begin the import, in the background, once."""
    threading.Thread(target=_context, name="great-expectations", daemon=True).start()


def judge(assets: Sequence[Asset], *, run_id: str, folder: Path) -> list[Check]:
    """The checks of all assets, in order. `folder` keeps the validation results; nothing is raised for a failed check."""
    checks = []
    for asset in assets:
        result = _validate(asset)
        passed = {r.expectation_config.kwargs["column"]: bool(r.success) for r in result.results}
        _keep(result, run_id, asset.name, folder)
        checks += [m.outcome(asset.name, passed[m.check]) for m in asset.measured]
    return checks


def _validate(asset: Asset) -> ExpectationSuiteValidationResult:
    """Booleans for all; those that failed once more, with what was observed."""
    import pandas as pd

    context = _context()
    name = f"{asset.name}"
    frame = pd.DataFrame({m.check: [float(m.observed)] for m in asset.measured})
    batch = context.data_sources.get("metrics").get_asset(_data_asset(name)).get_batch_definition("row")
    suite = gx_suite(asset)
    found = batch.get_batch(batch_parameters={"dataframe": frame})
    result = found.validate(suite, result_format="BOOLEAN_ONLY")
    if not result.success:
        failed = [r.expectation_config.kwargs["column"] for r in result.results if not r.success]
        details = found.validate(_only(suite, set(failed)), result_format="SUMMARY")
        by_check = {r.expectation_config.kwargs["column"]: r for r in details.results}
        result.results = [by_check.get(r.expectation_config.kwargs["column"], r) for r in result.results]
    return result


def _only(suite: ExpectationSuite, checks: set[str]) -> ExpectationSuite:
    from great_expectations.core import ExpectationSuite

    return ExpectationSuite(name=suite.name, expectations=[e for e in suite.expectations if e.column in checks])


@cache
def _data_asset(name: str) -> str:
    asset = _context().data_sources.get("metrics").add_dataframe_asset(name)
    asset.add_batch_definition_whole_dataframe("row")
    return name


def _context() -> AbstractDataContext:
    with _importing:
        return _made_context()


@cache
def _made_context() -> AbstractDataContext:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # nothing is sent anywhere
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        context.data_sources.add_pandas("metrics")
    return context


def _keep(result: ExpectationSuiteValidationResult, run_id: str, asset: str, folder: Path) -> None:
    document: dict[str, Any] = result.to_json_dict()
    document["meta"] |= {"run_id": {"run_name": run_id, "run_time": None}}
    path = folder / "results" / run_id / f"{asset}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
