"""The Power BI project: it is what the specification makes, its fields exist, and two known disasters cannot happen in it.

A dashboard of this kind once showed revenue a hundred times too high, a decimal point having been read as a thousands separator, and
100 % churn, every order having been a new customer.
"""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Template

from olist.dashboards.checks import PLACEHOLDER
from olist.dashboards.model import MEASURES, Model, load_model
from olist.dashboards.powerbi import project
from olist.dashboards.powerbi.__main__ import main
from olist.dashboards.powerbi.dax import Measure, colour_name, judged, measures, title_name
from olist.dashboards.powerbi.mquery import M_TYPES, import_query
from olist.dashboards.powerbi.writing import differences
from olist.dashboards.spec import LOCALES, Spec, load_spec
from olist.errors import ConfigurationError
from olist.settings import PROJECT

FOLDER = PROJECT / "powerbi"
DBT_TYPES = {
    "text": {"string"},
    "integer": {"integer"},
    "money": {"numeric(12, 2)", "numeric(14, 2)"},
    "date": {"date"},
    "moment": {"timestamp"},
    "boolean": {"boolean"},
}


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load_spec()


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


@pytest.fixture(scope="module")
def files(spec: Spec, model: Model) -> dict[str, bytes]:
    return project(spec, model)


@pytest.fixture(scope="module")
def made(spec: Spec) -> dict[str, Measure]:
    return {measure.name: measure for measure in measures(spec)}


def contracts() -> dict[str, dict[str, str]]:
    """Columns and types of gold's tables, as dbt enforces them on PostgreSQL."""
    models = {}
    for layer in ("marts", "aggregations"):
        for path in sorted((PROJECT / "dbt/models" / layer).glob("*.yml")):
            for model in yaml.safe_load(path.read_text())["models"]:
                models[model["name"]] = {c["name"]: on_postgresql(c["data_type"]) for c in model["columns"]}
    return models


def on_postgresql(data_type: str) -> str:
    return Template(data_type).render(target={"type": "postgres"})


def documents(files: dict[str, bytes]) -> Iterator[tuple[str, Any]]:
    for path, content in files.items():
        if path.endswith((".json", ".pbip", ".pbir", ".pbism", ".platform")):
            yield path, json.loads(content)


def visuals(files: dict[str, bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((path, document) for path, document in documents(files) if path.endswith("visual.json"))


def references(document: Any) -> Iterator[tuple[str, str, str]]:
    """(Column or Measure, table, name) of every field in a document; within a filter a table goes by an alias."""
    aliases = {entry["Name"]: entry["Entity"] for entry in _walk(document, "Entity") if "Name" in entry}
    for kind in ("Column", "Measure"):
        for holder in _walk(document, kind):
            source = holder[kind]["Expression"]["SourceRef"]
            yield kind, source.get("Entity") or aliases[source["Source"]], holder[kind]["Property"]


def _walk(node: Any, key: str) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if key in node:
            yield node
        for value in node.values():
            yield from _walk(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value, key)


def test_the_committed_project_is_what_the_specification_makes_to_the_byte(files: dict[str, bytes]) -> None:
    assert differences(files, FOLDER) == []


def test_writing_twice_changes_nothing_and_mends_what_was_touched(tmp_path: Path, files: dict[str, bytes]) -> None:
    assert main([str(tmp_path)]) == 0
    (tmp_path / "README.md").write_text("kept")
    assert main(["--check", str(tmp_path)]) == 0
    (tmp_path / "Olist.pbip").write_text("{}")
    (tmp_path / "superfluous.json").write_text("{}")
    assert differences(files, tmp_path) == ["Olist.pbip", "superfluous.json"]
    assert main(["--check", str(tmp_path)]) == 1
    assert main([str(tmp_path)]) == 0
    assert differences(files, tmp_path) == []
    assert (tmp_path / "README.md").read_text() == "kept"


def test_identities_are_of_one_kind_and_occur_once(files: dict[str, bytes]) -> None:
    text = b"".join(content for path, content in files.items() if path.endswith(".tmdl")).decode()
    tags = re.findall(r"lineageTag: (\S+)|^relationship (\S+)", text, flags=re.MULTILINE)
    identities = [a or b for a, b in tags]
    assert len(identities) > 250
    assert [i for i, n in Counter(identities).items() if n > 1] == []
    assert all(uuid.UUID(identity).version == 5 for identity in identities)


def test_every_field_of_every_visual_exists_in_the_model(
    files: dict[str, bytes], model: Model, made: dict[str, Measure]
) -> None:
    known = {("Column", *field) for field in model.fields()} | {("Measure", MEASURES, name) for name in made}
    found = {(path, *field) for path, document in visuals(files) for field in references(document)}
    assert len(found) > 100
    assert {field for field in found if field[1:] not in known} == set()


def test_every_name_in_dax_exists(model: Model, made: dict[str, Measure]) -> None:
    columns = set(model.fields())
    tables = {table.name for table in model.tables}
    for measure in made.values():
        text = re.sub(r'"[^"]*"', "", measure.dax)
        for quoted, bare, name in re.findall(r"(?:'([^']+)'|\b([A-Za-z_]\w*))\[([^\]]+)\]", text):
            assert (quoted or bare, name) in columns, f"{measure.name}: {quoted or bare}[{name}]"
        for name in re.findall(r"(?<![\w'])\[([^\]@]+)\]", text):
            assert name in made, f"{measure.name}: [{name}]"
        for name in re.findall(r"(?:COUNTROWS|ALL)\((\w+)\)", text):
            assert name in tables, f"{measure.name}: {name}"
        assert text.count("(") == text.count(")"), measure.name


def test_no_measure_refers_to_itself_however_far_round(made: dict[str, Measure]) -> None:
    uses = {m.name: set(re.findall(r"(?<![\w'])\[([^\]@]+)\]", re.sub(r'"[^"]*"', "", m.dax))) for m in made.values()}
    while ends := {name for name, used in uses.items() if not used & uses.keys()}:
        uses = {name: used for name, used in uses.items() if name not in ends}
    assert uses == {}


def test_no_measure_is_without_a_twin(spec: Spec, made: dict[str, Measure]) -> None:
    metrics = {metric.name["en-US"] for metric in spec.metrics.values()}
    titles = {title_name(visual) for visual in spec.visuals.values()}
    colours = {colour_name(visual) for visual in judged(spec)}
    assert made.keys() == metrics | titles | colours
    for visual in spec.visuals.values():
        used = set(PLACEHOLDER.findall(visual.title["en-US"]))
        assert used <= spec.metrics.keys()
        for metric in used:
            assert f"[{spec.metrics[metric].name['en-US']}]" in made[title_name(visual)].dax


def test_every_title_has_both_languages_in_its_measure(spec: Spec, made: dict[str, Measure]) -> None:
    for visual in spec.visuals.values():
        dax = made[title_name(visual)].dax
        for locale in LOCALES:
            for words in PLACEHOLDER.sub("\0", visual.title[locale]).split("\0"):
                assert words.replace('"', '""') in dax


def test_measures_have_folders_descriptions_and_formats(made: dict[str, Measure], spec: Spec) -> None:
    for measure in made.values():
        assert measure.folder
        assert measure.description
        assert measure.hidden or measure.folder not in ("Titles", "Colours", "Findings")
    for metric in spec.metrics.values():
        shown = made[metric.name["en-US"]].format_string
        assert (shown is None) == (metric.format == "text")
        assert ("R" in (shown or "")) == (metric.format == "money")


def test_a_card_is_green_from_its_target_on_in_the_direction_that_is_good(made: dict[str, Measure]) -> None:
    assert made["Colour on_time_rate"].dax.startswith("IF([On-time rate] >= 0.95, ")
    assert made["Colour average_delivery_days"].dax.startswith("IF([Delivery time] <= 10, ")
    assert "Colour orders" not in made


def test_everything_a_reader_sees_has_a_portuguese_name(
    files: dict[str, bytes], model: Model, made: dict[str, Measure]
) -> None:
    text = files["Olist.SemanticModel/definition/cultures/pt-BR.tmdl"].decode()
    captions = text.count("\t\tcaption: ")
    visible = sum(column.name is not None for table in model.tables for column in table.columns)
    levels = sum(len(table.hierarchies) for table in model.tables)
    assert captions == 1 + len(made) + len(model.tables) + visible + levels


def test_columns_and_types_are_those_of_gold(model: Model) -> None:
    gold = contracts()
    for table in model.tables:
        if table.schema_ != "gold":
            continue
        for column in table.columns:
            held = gold[column.join.table if column.join else table.source]
            assert held[column.column] in DBT_TYPES[column.type], f"{table.name}[{column.column}]"
            assert column.join is None or column.join.on in held


def test_a_relationship_ends_at_a_column_that_dbt_tests_to_be_unique(model: Model) -> None:
    sources = {table.name: table.source for table in model.tables}
    for relationship in model.relationships:
        source, column = sources[relationship.to[0]], relationship.to[1]
        (path,) = (PROJECT / "dbt/models").glob(f"*/{source}.yml")
        (found,) = [c for m in yaml.safe_load(path.read_text())["models"] for c in m["columns"] if c["name"] == column]
        assert "unique" in found["data_tests"], f"{source}.{column}"


def test_a_join_meets_at_most_one_row(model: Model) -> None:
    keys = {("fact_orders", "order_id"), ("agg_seller_performance", "seller_key")}
    joins = {(column.join.table, column.join.on) for table in model.tables for column in table.columns if column.join}
    assert joins == keys
    for table, key in keys:
        (path,) = (PROJECT / "dbt/models").glob(f"*/{table}.yml")
        (found,) = [c for m in yaml.safe_load(path.read_text())["models"] for c in m["columns"] if c["name"] == key]
        assert "unique" in found["data_tests"]


def test_the_active_relationships_leave_one_way_from_any_table_to_any_other(model: Model) -> None:
    one_to_many: dict[str, list[str]] = {}
    for relationship in model.relationships:
        if relationship.active:
            one_to_many.setdefault(relationship.to[0], []).append(relationship.from_[0])

    def ways(start: str, end: str) -> int:
        return sum(1 if way == end else ways(way, end) for way in one_to_many.get(start, []))

    names = [table.name for table in model.tables]
    assert {(a, b) for a in names for b in names if a != b and ways(a, b) > 1} == set()


def test_keys_are_hidden_and_nothing_is_summed_unasked(files: dict[str, bytes], model: Model) -> None:
    assert b"discourageImplicitMeasures" in files["Olist.SemanticModel/definition/model.tmdl"]
    for table in model.tables:
        text = files[f"Olist.SemanticModel/definition/tables/{table.name}.tmdl"].decode()
        assert text.count("summarizeBy: none") == text.count("\n\tcolumn ") == len(table.columns)
        assert all(column.name is None for column in table.columns if column.column.endswith("_key"))


def test_the_date_table_is_marked_and_has_hierarchies(files: dict[str, bytes]) -> None:
    text = files["Olist.SemanticModel/definition/tables/Date.tmdl"].decode()
    assert "\tdataCategory: Time\n" in text
    assert re.search(r"column Date\n\t\tdataType: dateTime\n\t\tisKey\n", text)
    assert re.findall(r"\thierarchy (\w+)", text) == ["Calendar", "Weeks"]


def test_revenue_cannot_be_read_a_hundred_times_too_high(model: Model) -> None:
    """Every column says its type under a culture of its own, money as fixed decimals; nothing depends on who refreshes."""
    for table in model.tables:
        query = import_query(table)
        typed = re.search(r'Table\.TransformColumnTypes\(Chosen, \{(.*)\}, "en-US"\)', query)
        assert typed is not None
        for column in table.columns:
            assert f'{{"{column.column}", {M_TYPES[column.type]}}}' in typed[1]
            if column.column.endswith("_value") or column.column == "revenue":
                assert M_TYPES[column.type] == "Currency.Type"
        assert not re.search(r"Number\.From|Value\.FromText|Replacer", query)


def test_churn_cannot_be_counted_by_orders(spec: Spec, model: Model) -> None:
    """People come from a dimension of one row per person; the source's customer_id, new with every order, is not in the model at all."""
    assert not [field for field in model.fields() if field[1] == "customer_id"]
    customer = next(table for table in model.tables if table.name == "Customer")
    assert (customer.source, [c.column for c in customer.columns if c.key]) == ("dim_customers", ["customer_key"])
    assert (
        "Customer" in spec.metrics["repeat_purchase_rate"].dax
        or "Repeat customers" in spec.metrics["repeat_purchase_rate"].dax
    )
    assert "COUNTROWS(Customer)" in spec.metrics["people_who_came_back"].dax
    assert "DISTINCTCOUNT(Orders[customer_key])" in spec.metrics["buyers"].dax
    for twin in spec.twins:
        assert "customer_id" not in spec.template(twin).replace("customer_id of the source", "")


def test_pictures_lie_on_the_grid_and_apart(files: dict[str, bytes], spec: Spec) -> None:
    places: dict[str, list[tuple[int, int, int, int]]] = {}
    for path, document in visuals(files):
        place = tuple(document["position"][key] for key in ("x", "y", "width", "height"))
        places.setdefault(path.split("/")[3], []).append(place)
    for page, taken in places.items():
        for x, y, width, height in taken:
            assert x >= spec.grid.margin, page
            assert x + width <= spec.grid.width - spec.grid.margin, page
            assert 0 <= y < y + height <= spec.grid.height - spec.grid.margin, page
        for n, (x, y, width, height) in enumerate(taken):
            for left, top, w, h in taken[n + 1 :]:
                assert x + width < left or left + w < x or y + height < top or top + h < y, (page, x, y, left, top)


def test_a_model_whose_relationship_ends_nowhere_is_refused(tmp_path: Path) -> None:
    text = (PROJECT / "dashboards/model.yml").read_text()
    (tmp_path / "model.yml").write_text(text.replace("to: [Date, date]", "to: [Date, day]", 1))
    with pytest.raises(ConfigurationError, match="the model of the dashboards is wrong") as caught:
        load_model(tmp_path)
    assert "Date[day]" in caught.value.found


def test_a_model_whose_relationship_ends_at_no_key_is_refused(tmp_path: Path) -> None:
    text = (PROJECT / "dashboards/model.yml").read_text()
    (tmp_path / "model.yml").write_text(text.replace("to: [Date, date]", "to: [Date, year]", 1))
    with pytest.raises(ConfigurationError) as caught:
        load_model(tmp_path)
    assert "no key" in caught.value.found


def test_two_columns_whose_names_differ_in_case_are_refused(tmp_path: Path) -> None:
    text = (PROJECT / "dashboards/model.yml").read_text()
    (tmp_path / "model.yml").write_text(text.replace("name: Month name", "name: MONTH", 1))
    with pytest.raises(ConfigurationError) as caught:
        load_model(tmp_path)
    assert "date[month]" in caught.value.found
