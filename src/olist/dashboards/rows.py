"""The rows behind a figure: which of a fact's rows make a metric, as `dashboards/rows.yml` and the files under `rows/` say.

`load_row_files()` reads and checks them. A file is asked for one metric's rows, under a twin's filters, and by a value of one of its cuts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from olist.dashboards.spec import Format, Spec, Text
from olist.errors import ConfigurationError

__all__ = ["RowColumn", "RowFile", "load_row_files", "rows_question"]

_JINJA = Environment(undefined=StrictUndefined)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RowColumn(_Frozen):
    """A column shown, its name and format; `values_of` is the dimension whose labels say its values."""

    column: str
    name: Text
    format: Format
    values_of: str | None = None


class RowMetric(_Frozen):
    """Which rows make a metric (SQL), and the metric that counts them, if there is one."""

    where: str
    counts: str | None = None


class RowFile(_Frozen):
    """An SQL file under rows/: the twin whose filters and cuts it takes, its columns in order, and the metrics it has rows of."""

    id: str
    twin: str
    columns: tuple[RowColumn, ...]
    metrics: dict[str, RowMetric]


def load_row_files(spec: Spec) -> dict[str, RowFile]:
    """The files by the metrics whose rows they give. Raises ConfigurationError naming what leads nowhere."""
    path = spec.folder / "rows.yml"
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
        files = TypeAdapter(list[RowFile]).validate_python([{"id": name, **entry} for name, entry in document.items()])
    except (OSError, yaml.YAMLError, ValidationError, AttributeError) as error:
        raise _wrong(spec, "twins, columns and metrics by file", str(error)) from error
    for file in files:
        if file.twin not in spec.twins:
            raise _wrong(spec, f"a twin of twins.yml for {file.id}", file.twin)
        named = {*file.metrics, *(metric.counts for metric in file.metrics.values() if metric.counts)}
        if unknown := sorted(named - spec.metrics.keys()):
            raise _wrong(spec, f"metrics under {file.id}", ", ".join(unknown))
    return {metric: file for file in files for metric in file.metrics}


def rows_question(
    spec: Spec, file: RowFile, metric: str, filters: Collection[str] = (), cut: tuple[str, str | None] | None = None
) -> tuple[str, Mapping[str, Any]]:
    """SQL of a metric's rows, and the parameter of the cut: a dimension of the twin and its value as text, None for NULL.

    KeyError for a dimension that the twin cannot be cut by.
    """
    twin = spec.twins[file.twin]
    conditions = [file.metrics[metric].where, *(twin.filters[f] for f in sorted(filters) if f in twin.filters)]
    parameters: dict[str, Any] = {}
    if cut:
        dimension, value = cut
        parameters = {"cut": value}
        conditions.append(f"cast({twin.dimensions[dimension]} as text) is not distinct from cast(%(cut)s as text)")
    template = (spec.folder / "rows" / f"{file.id}.sql").read_text("utf-8")
    columns = ", ".join(column.column for column in file.columns)
    text = _JINJA.from_string(template).render(condition=" and ".join(f"({c})" for c in conditions))
    return f"select {columns} from (\n{text}\n) as {file.id}_rows", parameters


def _wrong(spec: Spec, expected: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        "the specification of the rows behind the figures is wrong",
        resource=str(spec.folder / "rows.yml"),
        expected=expected,
        found=found,
        remedy="correct the file",
    )
