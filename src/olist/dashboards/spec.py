"""The specification of the dashboards: metrics, dimensions and pages, read from `dashboards/` and checked as a whole.

It is what Power BI and the web dashboards are made from, so that a figure has one name, one definition and one place on a page.

    dashboards.yml     title, locales, grid, filters, order of the pages
    dimensions.yml     what figures are cut by
    twins.yml          the SQL files under twins/, each a fact with its measures as columns (see `twins`)
    metrics/*.yml      one metric an entry; its SQL is the column of that name in its twin, its DAX stands beside it
    pages/*.yml        one page a file; visuals lie on a grid
    model.yml          tables and relationships of the Power BI model (read by `olist.dashboards.model`)

`load_spec()` returns a frozen `Spec`. What is misspelt, unknown, missing or overlapping raises ConfigurationError naming the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from olist.dashboards.checks import faults
from olist.errors import ConfigurationError
from olist.settings import PROJECT

__all__ = [
    "LOCALES",
    "Aggregation",
    "Dimension",
    "Filter",
    "Format",
    "Grid",
    "Locale",
    "Metric",
    "Page",
    "Position",
    "Spec",
    "Target",
    "TwinFile",
    "Visual",
    "load_spec",
]

FOLDER = PROJECT / "dashboards"
Locale = Literal["pt-BR", "en-US"]
LOCALES: tuple[Locale, ...] = ("pt-BR", "en-US")
Text = Annotated[dict[Locale, str], Field(min_length=len(LOCALES))]
"""The same words in every locale."""
Format = Literal[
    "money", "integer", "percent", "score", "points", "days", "hours", "text", "month", "day", "moment", "flag"
]
"""How a value is shown: BRL, a count, a share of 1, stars, NPS points, days, hours, words, a month, a day, a moment in UTC, yes or no."""
Kind = Literal["kpi", "columns", "stacked_columns", "bars", "line", "columns_and_line", "matrix", "table"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Frozen):
    """What a metric should reach: a fixed `value`, or the metric `metric` at the same grain."""

    value: float | None = None
    metric: str | None = None


class Metric(_Frozen):
    """One figure. Its SQL twin is the column `id` of `twins/<twin>.sql`; `dax` is its Power BI measure."""

    id: str
    name: Text
    description: Text
    format: Format
    folder: Text
    twin: str
    dax: str
    better: Literal["higher", "lower"] | None = Field(None, description="The direction that is good news.")
    target: Target | None = None
    additive: bool = Field(
        True, description="Whether values of parts may be summed; a ratio or distinct count may not."
    )
    hidden: bool = Field(False, description="Made for titles, not for readers' own analyses.")
    values_of: str | None = Field(
        None, description="The dimension whose labels say its value, for a metric that is a text."
    )
    aggregations: dict[str, str] = Field({}, description="Gold aggregations that hold it, as table: column.")
    totals: dict[str, str] = Field(
        {}, description="Aggregations that give it over everything, as table: SQL expression."
    )


class Dimension(_Frozen):
    """What figures are cut by. `field` is its column in the Power BI model, `sort` the metric or `value` it is ordered by."""

    id: str
    name: Text
    field: tuple[str, str]
    sort: Literal["value"] | str = "value"
    labels: dict[str, Text] = Field({}, description="How codes are shown; a value without a label is shown as it is.")


class Aggregation(_Frozen):
    """A table of gold that holds metrics by a dimension; `column` has the dimension's values, `series` is a second one.

    `also` are columns with other dimensions' values: names of the same things.
    """

    dimension: str
    column: str
    series: str | None = None
    also: dict[str, str] = {}

    @property
    def columns(self) -> dict[str, str]:
        """Its columns by the dimensions whose values they have."""
        return {self.dimension: self.column, **self.also}


class TwinFile(_Frozen):
    """An SQL file of measures over one fact: its grain, the ways to cut it and to filter it (SQL expressions, named parameters)."""

    grain: str
    source: str
    dimensions: dict[str, str] = {}
    filters: dict[str, str] = {}


class Filter(_Frozen):
    """A filter offered on pages; `field` is its column in Power BI. A period has parameters `from` and `to`, others a list."""

    id: str
    name: Text
    field: tuple[str, str]
    kind: Literal["period", "choice"]


class Grid(_Frozen):
    """The canvas, pixels, and the cells it is parted into below the header."""

    width: int
    height: int
    columns: int
    rows: int
    header: int
    margin: int
    gutter: int


class Position(_Frozen):
    """Cells of the grid, counted from 1; `width` and `height` are numbers of cells."""

    column: Annotated[int, Field(ge=1)]
    row: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]

    def cells(self) -> Iterator[tuple[int, int]]:
        """Every (column, row) covered."""
        for column in range(self.column, self.column + self.width):
            for row in range(self.row, self.row + self.height):
                yield column, row


class Visual(_Frozen):
    """One picture: metrics by a dimension. `title` says the finding, with {metric_id} where its formatted value stands."""

    id: str
    kind: Kind
    title: Text
    metrics: Annotated[tuple[str, ...], Field(min_length=1)]
    dimension: str | None = None
    series: str | None = Field(None, description="A second dimension: stacks, or the columns of a matrix.")
    line: str | None = Field(None, description="The metric drawn as a line over the columns.")
    top: int | None = Field(None, description="Only the first so many by the first metric.")
    source: str = Field(description="The gold aggregation, or twin, that answers it unfiltered.")
    position: Position


class Page(_Frozen):
    """One page. `filters` name those offered on it."""

    id: str
    name: Text
    subtitle: Text
    filters: tuple[str, ...]
    visuals: tuple[Visual, ...]


class Spec(_Frozen):
    """Everything, checked: every name leads somewhere, nothing overlaps, every metric has a twin."""

    title: Text
    locales: tuple[Locale, ...]
    default_locale: Locale
    grid: Grid
    filters: dict[str, Filter]
    aggregations: dict[str, Aggregation]
    dimensions: dict[str, Dimension]
    twins: dict[str, TwinFile]
    metrics: dict[str, Metric]
    pages: tuple[Page, ...]
    folder: Path

    @cached_property
    def visuals(self) -> dict[str, Visual]:
        """Every visual of every page by its id."""
        return {visual.id: visual for page in self.pages for visual in page.visuals}

    def label(self, dimension: str, value: Any, locale: Locale) -> str:
        """How a value of a dimension is shown."""
        labels = self.dimensions[dimension].labels.get(value)
        return str(value).replace("_", " ") if labels is None else labels[locale]

    def page(self, page_id: str) -> Page:
        """The page of that id; KeyError for an unknown one."""
        return {page.id: page for page in self.pages}[page_id]

    def template(self, twin: str) -> str:
        """The text of a twin's SQL file."""
        return (self.folder / "twins" / f"{twin}.sql").read_text("utf-8")


def load_spec(folder: Path = FOLDER) -> Spec:
    """Read and check the specification under `folder`. Raises ConfigurationError naming what is wrong."""
    main = _yaml(folder / "dashboards.yml")
    order = main.pop("pages", [])
    document = {
        **main,
        "folder": folder,
        "dimensions": _by_id(_yaml(folder / "dimensions.yml"), folder / "dimensions.yml"),
        "twins": _yaml(folder / "twins.yml"),
        "metrics": _by_id([m for path in sorted((folder / "metrics").glob("*.yml")) for m in _metrics(path)], folder),
        "pages": [{"id": page, **_yaml(folder / "pages" / f"{page}.yml")} for page in order],
        "filters": _by_id(main.get("filters", []), folder / "dashboards.yml"),
    }
    try:
        spec = TypeAdapter(Spec).validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _wrong(folder, f"{where}: {first['msg']}", f"{where} = {first['input']!r:.200}") from error
    for fault in faults(spec):
        raise _wrong(folder, fault.expected, fault.found)
    return spec


def _metrics(path: Path) -> Iterator[dict[str, Any]]:
    """A file's metrics; its folder is theirs."""
    document = _yaml(path)
    for metric in document["metrics"]:
        yield {"folder": document["folder"], "twin": document["twin"], **metric}


def _by_id(entries: list[dict[str, Any]], path: Path) -> Mapping[str, Any]:
    ids = [entry.get("id", "") for entry in entries]
    repeated = sorted({i for i in ids if ids.count(i) > 1})
    if repeated:
        raise _wrong(path, "ids that occur once", ", ".join(repeated))
    return dict(zip(ids, entries, strict=True))


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise _wrong(path, "a readable YAML file", str(error)) from error


def _wrong(path: Path, expected: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        "the specification of the dashboards is wrong",
        resource=str(path),
        expected=expected,
        found=found,
        remedy="correct the file; `python -m olist.dashboards.powerbi --check` tells whether all is well",
    )
