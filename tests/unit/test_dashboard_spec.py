"""The specification of the dashboards: what it refuses, and that it says what dbt's semantic layer says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from olist.dashboards.spec import LOCALES, Spec, load_spec
from olist.dashboards.twins import question
from olist.errors import ConfigurationError
from olist.settings import PROJECT

FOLDER = PROJECT / "dashboards"


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load_spec()


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A copy of the specification, to be broken."""
    return Path(shutil.copytree(FOLDER, tmp_path / "dashboards"))


def dbt_metrics() -> dict[str, dict[str, Any]]:
    documents = [yaml.safe_load(path.read_text()) for path in sorted((PROJECT / "dbt/models/semantic").glob("*.yml"))]
    return {metric["name"]: metric for document in documents for metric in document["metrics"]}


@pytest.mark.parametrize("name", dbt_metrics())
def test_a_metric_of_dbt_is_on_the_dashboards_with_dbts_words(spec: Spec, name: str) -> None:
    assert spec.metrics[name].description["en-US"] == " ".join(dbt_metrics()[name]["description"].split())


@pytest.mark.parametrize("name", [n for n, metric in dbt_metrics().items() if metric["type"] == "ratio"])
def test_a_ratio_of_dbt_divides_the_same_two_metrics_in_dax(spec: Spec, name: str) -> None:
    parameters = dbt_metrics()[name]["type_params"]
    parts = (spec.metrics[parameters[part]].name["en-US"] for part in ("numerator", "denominator"))
    assert spec.metrics[name].dax == "DIVIDE([{}], [{}])".format(*parts)


def test_four_pages_have_pictures_with_titles_that_say_a_figure(spec: Spec) -> None:
    assert [page.id for page in spec.pages] == ["executive", "customers", "sellers_products", "operations"]
    for visual in spec.visuals.values():
        if visual.kind != "kpi":
            assert all("{" in visual.title[locale] for locale in LOCALES), visual.id


def test_dbt_knows_the_pages_as_exposures(spec: Spec) -> None:
    exposures = yaml.safe_load((PROJECT / "dbt/models/exposures.yml").read_text())["exposures"]
    assert {(e["name"], e["label"]) for e in exposures} >= {(page.id, page.name["en-US"]) for page in spec.pages}


def test_every_column_of_a_twin_is_a_metric_and_the_other_way_round(spec: Spec) -> None:
    for twin in spec.twins:
        *_, last = re.split(r"(?im)^select$", spec.template(twin))
        columns = set(re.findall(r"\bas ([a-z_]+)(?=,$|\n+from\b)", last, flags=re.MULTILINE)) - {"dimension"}
        assert columns == {m.id for m in spec.metrics.values() if m.twin == twin}, twin


def test_every_twin_renders_with_every_dimension_and_filter(spec: Spec) -> None:
    for twin, file in spec.twins.items():
        metric = next(m.id for m in spec.metrics.values() if m.twin == twin)
        for dimension in [None, *file.dimensions]:
            text = question(spec, twin, [metric], dimension, ["period", "state", "category", "seller"])
            assert "{{" not in text
            assert all(condition in text for condition in file.filters.values())


def test_a_twin_refuses_a_dimension_it_lacks(spec: Spec) -> None:
    with pytest.raises(KeyError, match="risk_level"):
        question(spec, "payments", ["payments"], "risk_level")


def test_names_are_told_apart_in_every_language(spec: Spec) -> None:
    for locale in LOCALES:
        names = [metric.name[locale].casefold() for metric in spec.metrics.values()]
        assert sorted(names) == sorted(set(names))


BREAKAGES = {
    "an unknown metric in a title": ("pages/executive.yml", "{best_month_revenue}", "{best_year}", "best_year"),
    "an unknown metric on a picture": ("pages/executive.yml", "metrics: [orders]", "metrics: [ordres]", "ordres"),
    "a figure in one language only": ("pages/executive.yml", "com {best_month_revenue}", "sim", "en-US"),
    "overlapping pictures": ("pages/executive.yml", "column: 4, row: 1", "column: 3, row: 1", "cell 3, 1"),
    "a picture off the grid": (
        "pages/executive.yml",
        "column: 11, row: 1, width: 2",
        "column: 11, row: 1, width: 3",
        "13",
    ),
    "an unknown dimension": ("pages/executive.yml", "dimension: state_name", "dimension: planet", "planet"),
    "an unknown source": ("pages/executive.yml", "source: agg_regions", "source: agg_planets", "agg_planets"),
    "an unknown filter": ("pages/executive.yml", "filters: [period, state]", "filters: [phase]", "phase"),
    "a metric without a twin": ("twins/orders.sql", "as problem_rate", "as problem_rates", "problem_rate"),
    "a misspelt field": ("metrics/sales.yml", "better: higher", "beter: higher", "beter"),
    "a missing language": ("metrics/sales.yml", "{pt-BR: Receita, en-US: Revenue}", "{pt-BR: Receita}", "name"),
    "two metrics of one id": ("metrics/sales.yml", "id: item_value", "id: revenue", "revenue"),
    "no YAML": ("dimensions.yml", "- {id: day", "- {id: [day", "dimensions.yml"),
}


@pytest.mark.parametrize(("file", "before", "after", "named"), BREAKAGES.values(), ids=BREAKAGES)
def test_what_does_not_fit_together_is_refused_by_name(
    changed: Path, file: str, before: str, after: str, named: str
) -> None:
    path = changed / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(ConfigurationError) as caught:
        load_spec(changed)
    assert named in f"{caught.value}"
