"""The data contracts: the one place where tables, columns, types, keys, domains and tolerances are written.

`load_contracts` reads the ODCS v3 files of a folder and returns what the pipeline needs of them as frozen dataclasses, parents before
children. Silver's DDL, the bronze header check, the audit and the synthetic generator are all derived from these.

A property's `physicalName` is its header in the source file; without one the header equals its name. A property with a
`transformDescription` is derived by silver and absent from the source.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

import yaml
from open_data_contract_standard.model import (
    OpenDataContractStandard,
    Relationship,
    SchemaObject,
    SchemaProperty,
)
from pydantic import ValidationError

from olist.errors import ContractError
from olist.promises import Freshness, Promise, custom, freshness, promises

__all__ = ["Column", "Contract", "Reference", "load_contracts"]

Load = Literal["snapshot", "delta"]

# What logicalTypeOptions may say: a rule that nothing enforces would be a promise that nobody keeps.
_ENFORCED = frozenset({"pattern", "format", "minimum", "maximum"})


@dataclass(frozen=True)
class Reference:
    """A column's parent: `table.column`. Only an enforced one becomes a foreign key and rejects orphans.

    `parent_coverage` is the smallest share (0–1) of the parents that must have a child, None where none need have.
    """

    table: str
    column: str
    enforced: bool
    parent_coverage: float | None


@dataclass(frozen=True)
class Column:
    """One column of a silver table.

    `source` is its header in the CSV, None when silver derives it. `logical_type` is ODCS's (string, integer, number, timestamp,
    boolean), `physical_type` PostgreSQL's. `minimum` and `maximum` are inclusive, in the column's own unit.

    Of the column's values, `missing_share` is the largest share (0–1) that may be absent in a file, `invalid_share` of a table's rows that
    may be rejected for it, `accented_share` the smallest share of its texts with an accent,
    `placeholder_share` the largest of those that stand for nothing (`NULL`, `nan`); None where the contract does not say.
    """

    name: str
    source: str | None
    description: str
    logical_type: str
    physical_type: str
    required: bool
    key_position: int | None
    pattern: str | None
    time_format: str | None
    minimum: float | None
    maximum: float | None
    values: tuple[str, ...]
    reference: Reference | None
    derived_from: tuple[str, ...]
    missing_share: float | None
    invalid_share: float | None
    accented_share: float | None
    placeholder_share: float | None
    partitioned: bool


@dataclass(frozen=True)
class Contract:
    """One source table.

    `reject_tolerance` is the largest share (0–1) of a run's rows that may be rejected, `file_tolerance` of a file's rows that may have a
    value of the wrong shape in one column (None: any). `promises` are the table's quality rules.
    """

    table: str
    file_name: str
    version: str
    description: str
    grain: str
    load: Load
    reject_tolerance: float
    file_tolerance: float | None
    columns: tuple[Column, ...]
    promises: tuple[Promise, ...]
    freshness: Freshness | None
    digest: str

    @cached_property
    def source_columns(self) -> tuple[Column, ...]:
        """The columns that the CSV brings, in the contract's order."""
        return tuple(c for c in self.columns if c.source is not None)

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The CSV's header, in the contract's order."""
        return tuple(c.source for c in self.columns if c.source is not None)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns, in key order."""
        keyed = [(c.key_position, c.name) for c in self.columns if c.key_position is not None]
        return tuple(name for _, name in sorted(keyed))

    @cached_property
    def references(self) -> tuple[tuple[Column, Reference], ...]:
        """The enforced relations: (child column, parent)."""
        return tuple((c, c.reference) for c in self.columns if c.reference is not None and c.reference.enforced)

    @cached_property
    def partition_column(self) -> str | None:
        """The column by whose month exports are partitioned, where there is one."""
        return next((c.name for c in self.columns if c.partitioned), None)

    @cached_property
    def parents(self) -> frozenset[str]:
        """Tables that must be built before this one: relations, enforced or not, and sources of derived columns."""
        referenced = {c.reference.table for c in self.columns if c.reference is not None}
        derived = {table for c in self.columns for table in c.derived_from}
        return frozenset((referenced | derived) - {self.table})


def load_contracts(folder: Path) -> dict[str, Contract]:
    """Every contract of `folder` by table name, parents before children.

    Raises ContractError for a folder without contracts, a file that is not ODCS v3, an unknown or misplaced value, two files for one
    table, or a relation to a table or column that no contract describes.
    """
    paths = sorted(folder.glob("*.odcs.yaml"))
    if not paths:
        raise ContractError(
            "no data contracts found",
            resource=str(folder),
            expected="one <table>.odcs.yaml per source table",
            found="none",
            remedy="set OLIST_CONTRACTS to the folder that holds them",
        )
    read: dict[str, Contract] = {}
    for path in paths:
        contract = _read(path)
        if contract.table in read:
            raise ContractError(
                "two data contracts describe one table",
                resource=str(path),
                expected="one file per table",
                found=f"{contract.table}, which another file describes too",
                remedy="remove one of them, or correct its schema's name",
            )
        read[contract.table] = contract
    _check_references(read, folder)
    try:
        order = list(TopologicalSorter({t: sorted(c.parents) for t, c in sorted(read.items())}).static_order())
    except CycleError as error:
        raise ContractError(
            "tables depend on each other in a circle",
            resource=str(folder),
            expected="relations without a circle",
            found=" → ".join(error.args[1]),
            remedy="remove one of these relations, or mark it enforced: false and derive nothing from it",
        ) from error
    return {table: read[table] for table in order}


def _read(path: Path) -> Contract:
    try:
        text = path.read_text(encoding="utf-8")
        given = yaml.safe_load(text)
        document = OpenDataContractStandard(**given)
        if unknown := list(_unknown(given, document.model_dump(by_alias=True, exclude_unset=True))):
            raise ValueError(f"ODCS does not know {', '.join(unknown)}")
        (table,) = list(document.schema_ or [])
        return _contract(table, document, text)
    except (ValidationError, ValueError, TypeError, KeyError, OSError, yaml.YAMLError) as error:
        raise ContractError(
            "a data contract cannot be read",
            resource=str(path),
            expected="one ODCS v3 schema with load, rejectTolerance and typed properties",
            found=f"{type(error).__name__}: {error}",
            remedy="mend the file; the other contracts in the folder show the form",
        ) from error


def _contract(table: SchemaObject, document: OpenDataContractStandard, text: str) -> Contract:
    properties = custom(table.customProperties)
    load, tolerance = properties.get("load"), _share(properties, "rejectTolerance")
    if load not in ("snapshot", "delta"):
        raise ValueError(f"load is {load!r}, expected snapshot or delta")
    if tolerance is None:
        raise KeyError("rejectTolerance")
    contract = Contract(
        table=_required(table.name, "schema name"),
        file_name=_required(table.physicalName, "schema physicalName"),
        version=_required(document.version, "version"),
        description=table.description or "",
        grain=table.dataGranularityDescription or "",
        load=load,
        reject_tolerance=tolerance,
        file_tolerance=_share(properties, "fileTolerance"),
        columns=tuple(_column(p) for p in table.properties or ()),
        promises=promises(table.quality),
        freshness=freshness(document.slaProperties),
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    if not contract.key:
        raise ValueError("no property is the primaryKey: silver keeps one row per key")
    return contract


def _unknown(given: object, understood: object, path: str = "") -> Iterator[str]:
    """Keys of the document that its model dropped, as dotted paths: a misspelt rule must not be an ignored one."""
    if isinstance(given, dict) and isinstance(understood, dict):
        for key, value in given.items():
            if key not in understood:
                yield f"{path}{key}"
            else:
                yield from _unknown(value, understood[key], f"{path}{key}.")
    elif isinstance(given, list) and isinstance(understood, list):
        for number, (value, kept) in enumerate(zip(given, understood, strict=True)):
            name = value.get("name", number) if isinstance(value, dict) else number
            yield from _unknown(value, kept, f"{path}{name}.")


def _column(p: SchemaProperty) -> Column:
    options: Mapping[str, Any] = p.logicalTypeOptions or {}
    name = _required(p.name, "property name")
    logical = _required(p.logicalType, f"{name}.logicalType")
    physical = _required(p.physicalType, f"{name}.physicalType")
    if unenforced := sorted(set(options) - _ENFORCED):
        raise ValueError(f"nothing enforces {name}'s {', '.join(unenforced)}")
    if logical == "timestamp" and "format" not in options:
        raise ValueError(f"{name} is a timestamp without a format")
    if logical == "number" and not re.fullmatch(r"double precision|numeric\(\d+,\s*\d+\)", physical):
        raise ValueError(
            f"{name} is a number of type {physical}, expected numeric(precision,scale) or double precision"
        )
    return Column(
        name=name,
        source=None if p.transformDescription else (p.physicalName or name),
        description=p.description or "",
        logical_type=logical,
        physical_type=physical,
        required=bool(p.required or p.primaryKey),
        key_position=(p.primaryKeyPosition or 1) if p.primaryKey else None,
        pattern=options.get("pattern"),
        time_format=options.get("format"),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        values=tuple(str(v.value) for v in p.enum or ()),
        reference=_reference(p.relationships),
        derived_from=tuple(p.transformSourceObjects or ()) if p.transformDescription else (),
        missing_share=_largest(p, "missingValues"),
        invalid_share=_largest(p, "invalidValues"),
        accented_share=_share(custom(p.customProperties), "accentedShare"),
        placeholder_share=_share(custom(p.customProperties), "placeholderShare"),
        partitioned=bool(p.partitioned),
    )


def _largest(p: SchemaProperty, metric: str) -> float | None:
    """The largest share of a property's values that a quality rule of its allows for `metric`."""
    rules = promises(p.quality)
    if unenforced := sorted({r.name for r in rules if r.metric not in ("missingValues", "invalidValues")}):
        raise ValueError(f"nothing enforces {p.name}'s quality rule {', '.join(unenforced)}")
    return next((r.maximum for r in rules if r.metric == metric), None)


def _reference(relationships: list[Relationship] | None) -> Reference | None:
    if not relationships:
        return None
    (relationship,) = relationships
    if not isinstance(relationship.to, str):
        raise ValueError("a relationship points to one column: table.column")
    table, column = relationship.to.split(".")
    properties = custom(relationship.customProperties)
    return Reference(table, column, bool(properties.get("enforced", True)), _share(properties, "parentCoverage"))


def _share(properties: Mapping[str, Any], name: str) -> float | None:
    """A custom property that is a share from 0 to 1, None without it."""
    if name not in properties:
        return None
    share = float(properties[name])
    if not 0 <= share <= 1:
        raise ValueError(f"{name} is {share:g}, expected a share from 0 to 1")
    return share


def _required(value: str | None, what: str) -> str:
    if not value:
        raise ValueError(f"{what} is missing")
    return value


def _check_references(contracts: Mapping[str, Contract], folder: Path) -> None:
    for contract in contracts.values():
        wanted: set[tuple[str, str | None]] = {
            (c.reference.table, c.reference.column) for c in contract.columns if c.reference
        }
        wanted |= {(table, None) for c in contract.columns for table in c.derived_from}
        wanted |= {(table, None) for promise in contract.promises for table in promise.tables}
        for table, column in sorted(wanted, key=str):
            known = contracts.get(table)
            if known is None or (column is not None and column not in {c.name for c in known.columns}):
                raise ContractError(
                    "a contract refers to what no contract describes",
                    resource=f"{folder}: {contract.table}",
                    expected="a table and column of another contract",
                    found=table if column is None else f"{table}.{column}",
                    remedy="correct the relationship or the quality rule, or add the missing contract",
                )
