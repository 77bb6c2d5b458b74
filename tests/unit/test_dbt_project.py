"""What every model, metric and exposure of the dbt project owes to its readers, held against the manifest."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from olist.gold.invoke import parse
from olist.settings import PROJECT

Node = dict[str, Any]
SERVED = ("marts", "aggregations")
MONEY = re.compile(r"\bBRL\b")


@pytest.fixture(scope="module")
def manifest(session_folder: Path) -> Node:
    work = session_folder / "parsed"
    assert parse(PROJECT / "dbt", work)
    document: Node = json.loads((work / "target/manifest.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def models(manifest: Node) -> list[Node]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


@pytest.fixture(scope="module")
def served(models: list[Node]) -> list[Node]:
    return [model for model in models if model["fqn"][1] in SERVED]


def names(nodes: Iterator[Node]) -> list[str]:
    return [node["name"] for node in nodes]


def test_every_model_seed_and_source_and_each_of_their_columns_is_described(manifest: Node) -> None:
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    assert names(n for n in [*nodes, *manifest["sources"].values()] if not n["description"].strip()) == []
    columns = [(n["name"], c["name"], c["description"]) for n in nodes for c in n["columns"].values()]
    assert [column for column in columns if not column[2].strip()] == []


def test_every_served_model_says_its_grain_and_keeps_a_contract_of_names_and_types(served: list[Node]) -> None:
    assert len(served) > 20
    assert names(m for m in served if "Grain:" not in m["description"]) == []
    assert names(m for m in served if not m["contract"]["enforced"] or m["version"] is None) == []
    assert names(m for m in served if not all(c["data_type"] for c in m["columns"].values())) == []
    # A constraint would fail the build before a test could say what is wrong.
    assert names(m for m in served if m["constraints"] or any(c["constraints"] for c in m["columns"].values())) == []


def test_money_has_two_decimals(served: list[Node]) -> None:
    columns = [
        (m["name"], c["name"], c["data_type"])
        for m in served
        for c in m["columns"].values()
        if MONEY.search(c["description"])
    ]
    assert len(columns) > 30
    assert [column for column in columns if not column[2].endswith("2)")] == []


def test_a_breaking_change_stands_beside_the_version_that_it_replaces_until_a_date(served: list[Node]) -> None:
    old = [m for m in served if m["version"] != m["latest_version"]]
    assert names(iter(old)) == ["agg_payment_mix"]
    assert [m["name"] for m in old if date.fromisoformat(m["deprecation_date"][:10]) < date(2026, 12, 1)] == []
    (new,) = [m for m in served if m["name"] == "agg_payment_mix" and m not in old]
    assert old[0]["alias"] == "agg_payment_mix_v1"
    assert new["alias"] == "agg_payment_mix"
    assert set(new["columns"]) != set(old[0]["columns"])


def test_every_rule_with_a_branch_has_a_unit_test(manifest: Node, models: list[Node]) -> None:
    tested = Counter(unit["model"] for unit in manifest["unit_tests"].values())
    branching = {
        key
        for key, macro in manifest["macros"].items()
        if macro["package_name"] == "olist" and _branches(macro["macro_sql"])
    }
    by_name = {"macro.olist." + name for name in ("review_class", "counts_as_revenue", "is_bad_review")}
    rules = [m for m in models if _branches(m["raw_code"]) or (branching & by_name) & set(m["depends_on"]["macros"])]
    assert len(rules) > 25
    assert sorted(m["name"] for m in rules if not tested[m["name"]]) == []


def _branches(code: str) -> bool:
    return bool(re.search(r"\bcase\b", re.sub(r"\{#.*?#\}|--[^\n]*", "", code, flags=re.DOTALL)))


def test_every_served_model_is_tested(manifest: Node, served: list[Node]) -> None:
    checked = {node.get("attached_node") for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    assert [m["name"] for m in served if m["unique_id"] not in checked] == []


def test_every_aggregation_reconciles_with_its_fact(manifest: Node, served: list[Node]) -> None:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    reconciling = [t for t in tests if t["config"]["meta"].get("kind") == "reconciliation"]
    reconciled = {node for t in reconciling for node in t["depends_on"]["nodes"]}
    assert [m["name"] for m in served if m["fqn"][1] == "aggregations" and m["unique_id"] not in reconciled] == []


def test_every_test_says_of_what_kind_it_is(manifest: Node) -> None:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    kinds = {t["config"]["meta"].get("kind") or t["test_metadata"]["name"] for t in tests}
    assert kinds == {
        "unique",
        "not_null",
        "relationships",
        "accepted_values",
        "freshness",
        "reconciliation",
        "business_rule",
    }


def test_every_exposure_is_a_dashboard_page_with_an_owner_and_every_page_is_one(manifest: Node) -> None:
    exposures = list(manifest["exposures"].values())
    pages = {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (PROJECT / "dashboards/pages").glob("*.yml")
    }
    assert {e["name"]: e["label"] for e in exposures} == {name: page["name"]["en-US"] for name, page in pages.items()}
    assert [e["name"] for e in exposures if not (e["owner"]["name"] and e["owner"]["email"] and e["description"])] == []
    served = {key for key, n in manifest["nodes"].items() if n["resource_type"] == "model" and n["fqn"][1] in SERVED}
    assert [
        e["name"] for e in exposures if not e["depends_on"]["nodes"] or not set(e["depends_on"]["nodes"]) <= served
    ] == []


def test_a_metric_is_defined_once_and_documented(manifest: Node) -> None:
    metrics = list(manifest["metrics"].values())
    assert len(metrics) > 30
    assert [m["name"] for m in metrics if not (m["label"] and m["description"].strip())] == []
    definitions = Counter(json.dumps([m["type"], _definition(m["type_params"])], sort_keys=True) for m in metrics)
    assert [definition for definition, times in definitions.items() if times > 1] == []
    measures = [(s["model"], m["agg"], m["expr"]) for s in manifest["semantic_models"].values() for m in s["measures"]]
    assert [measure for measure, times in Counter(measures).items() if times > 1] == []


def _definition(parameters: Node) -> Node:
    return {name: value for name, value in parameters.items() if name != "input_measures" and value}
