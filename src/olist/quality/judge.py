"""Great Expectations decides: suites over rows of metrics, a boolean pass first, details only of what failed.

Importing it takes seconds, so it is imported where it is needed, and `warm_up` begins early, beside the work that comes before the
judgement. Every judgement leaves its validation results below `<folder>/results/<run_id>`, and the Data Docs made from them.
"""

from __future__ import annotations

import json
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from olist.quality.docs import write_pages
from olist.quality.suites import Asset, gx_suite
from opstore.store import Check

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.data_context import AbstractDataContext

__all__ = ["Gate", "warm_up"]

_importing = threading.Lock()


@cache
def warm_up() -> None:
    """Begin the import, in the background, once."""
    threading.Thread(target=_context, name="great-expectations", daemon=True).start()


@dataclass(frozen=True)
class Gate:
    """The one gate of a layer. `record` is given every check; `folder` keeps the validation results."""

    run_id: str
    folder: Path
    record: Callable[[list[Check]], None]

    def judge(self, assets: Sequence[Asset]) -> list[Check]:
        """The checks that block, in order; every check is recorded, those that warn too."""
        _context()  # imports what the suites need
        checks, results = [], []
        for asset in assets:
            result = _validate(asset)
            passed = {r.expectation_config.kwargs["column"]: bool(r.success) for r in result.results}
            results.append(_keep(result, self.run_id, asset.name, self.folder))
            checks += [m.outcome(asset.name, passed[m.check]) for m in asset.measured]
        self.record(checks)
        write_pages(self.folder, results)
        return [c for c in checks if c.status != "pass" and c.severity == "error"]


def _validate(asset: Asset) -> ExpectationSuiteValidationResult:
    """Booleans for all; those that failed once more, with what was observed."""
    import pandas as pd

    frame = pd.DataFrame({m.check: [float(m.observed)] for m in asset.measured})
    suite = gx_suite(asset)
    found = _metrics_row(asset.name).get_batch(batch_parameters={"dataframe": frame})
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
def _metrics_row(name: str) -> BatchDefinition:
    data_asset = _context().data_sources.get("metrics").add_dataframe_asset(name)
    return data_asset.add_batch_definition_whole_dataframe("row")


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


def _keep(result: ExpectationSuiteValidationResult, run_id: str, asset: str, folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = result.to_json_dict()
    document["meta"] |= {"run_id": {"run_name": run_id, "run_time": datetime.now(UTC).isoformat()}}
    text = json.dumps(document, ensure_ascii=False)
    path = folder / "results" / run_id / f"{asset}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    stored: dict[str, Any] = json.loads(text)
    return stored
