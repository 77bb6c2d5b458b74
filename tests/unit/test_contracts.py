"""The contracts of this repository are good ODCS, and a broken one is an error that names file and remedy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from deliveries import Document, change_contract, custom_property, property_of
from olist.contracts import Contract, load_contracts
from olist.errors import ConfigurationError, ContractError
from olist.settings import PROJECT

CONTRACTS = sorted((PROJECT / "contracts").glob("*.odcs.yaml"))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The contracts, to be broken."""
    return Path(shutil.copytree(PROJECT / "contracts", tmp_path / "contracts"))


def refused(folder: Path) -> ContractError:
    with pytest.raises(ContractError) as caught:
        load_contracts(folder)
    assert isinstance(caught.value, ConfigurationError)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("path", CONTRACTS, ids=[path.stem.split(".")[0] for path in CONTRACTS])
def test_each_contract_validates_against_the_schema_of_the_standard(path: Path) -> None:
    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft201909Validator(schema)
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []
    document["schema"][0]["properties"][0]["requird"] = True
    assert list(validator.iter_errors(document)), "the schema judges nothing"


@pytest.mark.parametrize("path", CONTRACTS, ids=[path.stem.split(".")[0] for path in CONTRACTS])
def test_each_contract_is_named_after_its_table(path: Path, contracts: dict[str, Contract]) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["name"] == document["schema"][0]["name"] == path.name.removesuffix(".odcs.yaml")


def test_nine_tables_are_described_with_parents_before_children(contracts: dict[str, Contract]) -> None:
    order = list(contracts)
    assert len(order) == 9
    for table, contract in contracts.items():
        assert all(order.index(parent) < order.index(table) for parent in contract.parents)
    assert contracts["order_items"].parents == {"orders", "products", "sellers"}
    assert contracts["customers"].parents == {"geolocation"}, "a derived column's source comes first too"


def test_a_header_is_the_sources_spelling_and_derived_columns_are_not_in_it(contracts: dict[str, Contract]) -> None:
    products = contracts["products"]
    assert "product_name_lenght" in products.header
    assert "product_name_length" in {c.name for c in products.columns}
    assert "has_category" not in products.header
    assert len(products.header) == len(products.source_columns) == 9


def test_a_key_is_in_the_order_of_its_positions(contracts: dict[str, Contract], copied: Path) -> None:
    assert contracts["order_items"].key == ("order_id", "order_item_id")

    def swap(document: Document) -> None:
        property_of(document, "order_id")["primaryKeyPosition"] = 2
        property_of(document, "order_item_id")["primaryKeyPosition"] = 1

    change_contract(copied, "order_items", swap)
    assert load_contracts(copied)["order_items"].key == ("order_item_id", "order_id")


def test_the_digest_changes_with_the_text(contracts: dict[str, Contract], copied: Path) -> None:
    with (copied / "orders.odcs.yaml").open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    changed = load_contracts(copied)
    assert {t for t in contracts if changed[t].digest != contracts[t].digest} == {"orders"}


def without(property_name: str) -> Callable[[Document], object]:
    def remove(document: Document) -> None:
        schema = document["schema"][0]
        schema["customProperties"] = [p for p in schema["customProperties"] if p["property"] != property_name]

    return remove


def orders(name: str, **changes: object) -> Callable[[Document], object]:
    return lambda d: property_of(d, name).update(changes)


BROKEN: dict[str, tuple[Callable[[Document], object], str]] = {
    "no load": (without("load"), "load is None, expected snapshot or delta"),
    "another load": (custom_property("load", "append"), "load is 'append', expected snapshot or delta"),
    "no tolerance": (without("rejectTolerance"), "rejectTolerance"),
    "a tolerance of 5": (custom_property("rejectTolerance", 5), "rejectTolerance is 5, expected a share from 0 to 1"),
    "no version": (lambda d: d.pop("version"), "version is missing"),
    "no file": (lambda d: d["schema"][0].pop("physicalName"), "schema physicalName is missing"),
    "no type": (lambda d: property_of(d, "order_status").pop("physicalType"), "order_status.physicalType is missing"),
    "no key": (lambda d: property_of(d, "order_id").pop("primaryKey"), "no property is the primaryKey"),
    "two schemas": (lambda d: d["schema"].append({"name": "more"}), "too many values"),
    "unknown at the top": (lambda d: d.update(owner="me"), "owner"),
    "misspelt rule": (orders("customer_id", requird=True), "ODCS does not know schema.orders.properties.customer_id.requird"),
    "misspelt option": (orders("customer_id", logicalTypeOptions={"patern": "x"}), "nothing enforces customer_id's patern"),
    "option without effect": (orders("customer_id", logicalTypeOptions={"maxLength": 3}), "maxLength"),
    "timestamp without format": (orders("order_approved_at", logicalTypeOptions={}), "order_approved_at is a timestamp"),
    "money without scale": (orders("order_status", logicalType="number", physicalType="numeric"), "numeric(precision,scale)"),
    "relation to a table": (orders("customer_id", relationships=[{"to": "customers"}]), "not enough values"),
}  # fmt: skip


@pytest.mark.parametrize(("how", "found"), BROKEN.values(), ids=BROKEN)
def test_a_broken_contract_is_named_with_what_is_wrong_in_it(
    copied: Path, how: Callable[[Document], object], found: str
) -> None:
    path = change_contract(copied, "orders", how)
    error = refused(copied)
    assert error.what == "a data contract cannot be read"
    assert error.resource == str(path)
    assert found in error.found
    assert "mend the file" in error.remedy


@pytest.mark.parametrize(
    "content",
    [b"", b"- a\n- b\n", b"schema: [", b"a: b: c", "schema: São".encode("latin-1"), b"\tname: x\n"],
    ids=["empty", "a list", "unclosed", "two colons", "Latin-1", "tab"],
)
def test_a_file_that_is_no_yaml_of_a_contract_is_named(copied: Path, content: bytes) -> None:
    (copied / "orders.odcs.yaml").write_bytes(content)
    error = refused(copied)
    assert error.resource == str(copied / "orders.odcs.yaml")
    assert "mend the file" in error.remedy


@pytest.mark.parametrize("to", ["buyers.customer_id", "customers.id"], ids=["table", "column"])
def test_a_relation_to_what_no_contract_describes_is_refused(copied: Path, to: str) -> None:
    change_contract(copied, "orders", orders("customer_id", relationships=[{"type": "foreignKey", "to": to}]))
    error = refused(copied)
    assert error.resource == f"{copied}: orders"
    assert error.found == to
    assert "add the missing contract" in error.remedy


def test_a_column_derived_from_an_unknown_table_is_refused(copied: Path) -> None:
    change_contract(copied, "orders", orders("is_canceled", transformSourceObjects=["returns"]))
    assert refused(copied).found == "returns"


def test_tables_that_depend_on_each_other_in_a_circle_are_named(copied: Path) -> None:
    relation = [{"type": "foreignKey", "to": "orders.customer_id"}]
    change_contract(copied, "customers", lambda d: property_of(d, "customer_id").update(relationships=relation))
    error = refused(copied)
    assert error.what == "tables depend on each other in a circle"
    assert error.resource == str(copied)
    assert {"customers", "orders"} <= set(error.found.split(" → "))
    assert "enforced: false" in error.remedy


def test_two_contracts_for_one_table_are_refused(copied: Path) -> None:
    shutil.copy(copied / "orders.odcs.yaml", copied / "orders_new.odcs.yaml")
    error = refused(copied)
    assert error.what == "two data contracts describe one table"
    assert error.resource == str(copied / "orders_new.odcs.yaml")
    assert "orders" in error.found


@pytest.mark.parametrize("exists", [True, False], ids=["empty", "absent"])
def test_a_folder_without_contracts_is_named_with_its_setting(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "none"
    if exists:
        folder.mkdir()
    error = refused(folder)
    assert error.resource == str(folder)
    assert "OLIST_CONTRACTS" in error.remedy
