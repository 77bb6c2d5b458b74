"""The Power BI project by Microsoft's own measure: its TMDL parser, and its JSON schemas of PBIP and PBIR.

Both are installed outside the project (`powerbi/README.md` says how); without them these tests skip and say so.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from olist.dashboards.model import MEASURES, load_model
from olist.dashboards.powerbi import project
from olist.dashboards.powerbi.dax import measures
from olist.dashboards.powerbi.writing import write
from olist.dashboards.spec import load_spec
from olist.settings import PROJECT

SCHEMAS = Path(os.environ.get("OLIST_TEST_PBIR_SCHEMAS", PROJECT.parent / "shared/data/powerbi_schemas"))
BASE = "https://developer.microsoft.com/json-schemas/"
READER = PROJECT / "tests/tmdl_reader.py"
DEFINITION = PROJECT / "powerbi/Olist.SemanticModel/definition"


def parse(definition: Path) -> subprocess.CompletedProcess[str]:
    python, assemblies = os.environ.get("OLIST_TEST_TOM_PYTHON"), os.environ.get("OLIST_TEST_TOM_LIB")
    if not python or not assemblies:
        pytest.skip("Microsoft's TMDL parser is not at hand; set OLIST_TEST_TOM_PYTHON and OLIST_TEST_TOM_LIB")
    command = [python, str(READER), str(definition), assemblies]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def parsed() -> dict[str, Any]:
    """The committed model as Microsoft's parser reads it."""
    result = parse(DEFINITION)
    assert result.returncode == 0, result.stderr[-2000:]
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.fixture(scope="module")
def tables(parsed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {table["name"]: table for table in parsed["database"]["model"]["tables"]}


def test_microsofts_parser_reads_the_model_and_finds_no_error(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == []


def test_microsofts_parser_reads_every_measure_as_it_was_meant(tables: dict[str, dict[str, Any]]) -> None:
    found = {measure["name"]: measure for measure in tables[MEASURES]["measures"]}
    for measure in measures(load_spec()):
        read = found.pop(measure.name)
        expression = read["expression"]
        assert ("\n".join(expression) if isinstance(expression, list) else expression) == measure.dax
        assert read.get("formatString") == measure.format_string
        assert read["displayFolder"] == measure.folder
        assert read["description"] == measure.description
        assert read.get("isHidden", False) == measure.hidden
    assert found == {}


def test_microsofts_parser_reads_every_column_and_relationship(
    parsed: dict[str, Any], tables: dict[str, dict[str, Any]]
) -> None:
    model = load_model()
    for table in model.tables:
        assert [c["name"] for c in tables[table.name]["columns"]] == [c.title for c in table.columns]
        assert {c["name"] for c in tables[table.name]["columns"] if c.get("isHidden")} == {
            c.title for c in table.columns if c.name is None
        }
    relationships = parsed["database"]["model"]["relationships"]
    assert len(relationships) == len(model.relationships)
    assert sum(r.get("isActive", True) for r in relationships) == sum(r.active for r in model.relationships)


def test_microsofts_parser_reads_the_portuguese_of_every_measure(parsed: dict[str, Any]) -> None:
    (culture,) = [c for c in parsed["database"]["model"]["cultures"] if c["name"] == "pt-BR"]
    translated = {table["name"]: table for table in culture["translations"]["model"]["tables"]}
    found = {measure["name"]: measure for measure in translated[MEASURES]["measures"]}
    for measure in measures(load_spec()):
        assert found[measure.name]["translatedCaption"] == measure.caption
        assert found[measure.name]["translatedDescription"] == measure.description_caption
        assert found[measure.name]["translatedDisplayFolder"] == measure.folder_caption


def test_microsofts_parser_refuses_a_dangling_column(tmp_path: Path) -> None:
    write(project(load_spec(), load_model()), tmp_path)
    definition = tmp_path / "Olist.SemanticModel/definition"
    relationships = definition / "relationships.tmdl"
    relationships.write_text(relationships.read_text().replace("toColumn: Date.Date", "toColumn: Date.Day", 1))
    result = parse(definition)
    assert result.returncode != 0
    assert "ToColumn" in result.stderr


def schema_of(uri: str) -> Resource[Any]:
    path = SCHEMAS / uri.split("#", maxsplit=1)[0].removeprefix(BASE)
    return Resource.from_contents(json.loads(path.read_text("utf-8-sig")), default_specification=DRAFT7)


def test_every_file_keeps_microsofts_schema() -> None:
    if not SCHEMAS.is_dir():
        pytest.skip(f"Microsoft's JSON schemas are not at {SCHEMAS}; set OLIST_TEST_PBIR_SCHEMAS")
    registry: Registry[Any] = Registry(retrieve=schema_of)  # type: ignore[call-arg]
    judged = 0
    for path, content in project(load_spec(), load_model()).items():
        if not path.endswith((".json", ".pbip", ".pbir", ".pbism", ".platform")) or "StaticResources" in path:
            continue
        document = json.loads(content)
        schema = registry.get_or_retrieve(document["$schema"]).value.contents
        errors = list(Draft7Validator(schema, registry=registry).iter_errors(document))
        assert [(path, error.message) for error in errors] == []
        judged += 1
    assert judged > 60
