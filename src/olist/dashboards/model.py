"""The Power BI model as `dashboards/model.yml` gives it: tables of gold, their columns, and how the facts meet the dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from olist.dashboards.spec import FOLDER, Text
from olist.errors import ConfigurationError

__all__ = ["MEASURES", "Column", "ColumnType", "Hierarchy", "Join", "Model", "Relationship", "Table", "load_model"]

MEASURES = "Measures"
"""The table that holds every measure and no data."""
ColumnType = Literal["text", "integer", "money", "number", "date", "moment", "boolean"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Join(_Frozen):
    """Where a column comes from that its table lacks: `table` of gold, met by the column `on`."""

    table: str
    on: str


class Column(_Frozen):
    """One column. Without a `name` it is hidden and keeps gold's."""

    column: str
    type: ColumnType
    name: str | None = None
    caption: str | None = None
    key: bool = False
    sort_by: str | None = None
    shown_as: Literal["month"] | None = None
    join: Join | None = None

    @property
    def title(self) -> str:
        """Its name in the model."""
        return self.name or self.column


class Hierarchy(_Frozen):
    """Levels from coarse to fine, by the columns' names in the model."""

    name: str
    caption: str
    levels: Annotated[tuple[str, ...], Field(min_length=2)]


class Table(_Frozen):
    """One table, imported from `schema`.`source`."""

    name: str
    caption: str
    source: str
    schema_: str = Field("gold", alias="schema")
    description: Text
    date_table: bool = False
    columns: tuple[Column, ...]
    hierarchies: tuple[Hierarchy, ...] = ()

    def column(self, source: str) -> Column:
        """The column that gold calls `source`; KeyError for an unknown one."""
        return {column.column: column for column in self.columns}[source]


class Relationship(_Frozen):
    """From the many to the one, as (table, gold's column)."""

    from_: tuple[str, str] = Field(alias="from")
    to: tuple[str, str]
    active: bool = True


class Model(_Frozen):
    """Tables and relationships; every end of a relationship exists, and points at a key."""

    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...]

    @model_validator(mode="after")
    def _names_occur_once(self) -> Model:
        names = [(table.casefold(), column.casefold()) for table, column in self.fields()]
        if repeated := [f"{table}[{column}]" for table, column in set(names) if names.count((table, column)) > 1]:
            raise ValueError(f"Power BI tells no case apart, and has {', '.join(sorted(repeated))} twice")
        return self

    @model_validator(mode="after")
    def _names_lead_somewhere(self) -> Model:
        columns = {(table.name, column.column): column for table in self.tables for column in table.columns}
        for relationship in self.relationships:
            for end in (relationship.from_, relationship.to):
                if end not in columns:
                    raise ValueError(f"a relationship ends at {end[0]}[{end[1]}], which the model lacks")
            if not columns[relationship.to].key:
                raise ValueError(f"{relationship.to[0]}[{relationship.to[1]}] is the one of a relationship and no key")
        return self

    def fields(self) -> Iterator[tuple[str, str]]:
        """Every (table, column) by its name in the model."""
        for table in self.tables:
            for column in table.columns:
                yield table.name, column.title


def load_model(folder: Path = FOLDER) -> Model:
    """Read and check `model.yml` under `folder`. Raises ConfigurationError naming what is wrong."""
    path = folder / "model.yml"
    try:
        return Model.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise ConfigurationError(
            "the model of the dashboards is wrong",
            resource=str(path),
            expected="tables of gold with columns and relationships between them",
            found=str(error),
            remedy="correct the file",
        ) from error
