"""The semantic model as TMDL: a file per table, the relationships, the parameters, the translation."""

from __future__ import annotations

from collections.abc import Iterator

from olist.dashboards.model import MEASURES, Column, ColumnType, Hierarchy, Model, Relationship, Table
from olist.dashboards.powerbi.culture import translation
from olist.dashboards.powerbi.dax import Measure, measures
from olist.dashboards.powerbi.mquery import CULTURE, import_query
from olist.dashboards.powerbi.naming import field, guid, quoted
from olist.dashboards.spec import Spec

__all__ = ["PARAMETERS", "model_files"]

PARAMETERS = {"Server": "localhost:5432", "Database": "olist"}
"""Parameters of the model and what they are until somebody sets them."""
_TYPES: dict[ColumnType, str] = {
    "text": "string",
    "integer": "int64",
    "money": "decimal",
    "number": "double",
    "date": "dateTime",
    "moment": "dateTime",
    "boolean": "boolean",
}
_FORMATS: dict[ColumnType, str] = {
    "integer": "0",
    "money": r"\R\$\ #,0.00",
    "number": "0.0",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:nn:ss",
}


def model_files(spec: Spec, model: Model) -> dict[str, str]:
    """Path within `definition/`: text."""
    made = list(measures(spec))
    return {
        "database.tmdl": "database\n\tcompatibilityLevel: 1601\n\n",
        "model.tmdl": _model(model),
        "expressions.tmdl": "".join(_parameter(name, value) for name, value in PARAMETERS.items()),
        "relationships.tmdl": "".join(_relationship(model, r) for r in model.relationships),
        f"tables/{MEASURES}.tmdl": _measures_table(made),
        **{f"tables/{table.name}.tmdl": _table(table) for table in model.tables},
        "cultures/en-US.tmdl": "cultureInfo en-US\n\n",
        "cultures/pt-BR.tmdl": translation(model, made),
    }


def _model(model: Model) -> str:
    names = [MEASURES, *(table.name for table in model.tables)]
    queries = ",".join(f'"{name}"' for name in [*PARAMETERS, *names])
    references = "".join(f"ref table {quoted(name)}\n" for name in names)
    return (
        f"model Model\n\tculture: {CULTURE}\n\tdefaultPowerBIDataSourceVersion: powerBI_V3\n\tdiscourageImplicitMeasures\n"
        f"\tsourceQueryCulture: {CULTURE}\n\tdataAccessOptions\n\t\tlegacyRedirects\n\t\treturnErrorValuesAsNull\n\n"
        "annotation __PBI_TimeIntelligenceEnabled = 0\n\n"
        f"annotation PBI_QueryOrder = [{queries}]\n\n"
        f"{references}\nref cultureInfo en-US\nref cultureInfo pt-BR\n\n"
    )


def _parameter(name: str, value: str) -> str:
    return (
        f'expression {name} = "{value}" meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]\n'
        f"\tlineageTag: {guid('expression', name)}\n\n"
        "\tannotation PBI_ResultType = Text\n\n\tannotation PBI_NavigationStepName = Navigation\n\n"
    )


def _relationship(model: Model, relationship: Relationship) -> str:
    titles = {(table.name, column.column): column.title for table in model.tables for column in table.columns}
    many, one = (field(end[0], titles[end]) for end in (relationship.from_, relationship.to))
    inactive = "" if relationship.active else "\tisActive: false\n"
    identity = guid("relationship", *relationship.from_, *relationship.to)
    return f"relationship {identity}\n{inactive}\tfromColumn: {many}\n\ttoColumn: {one}\n\n"


def _table(table: Table) -> str:
    head = f"/// {table.description['en-US']}\ntable {quoted(table.name)}\n\tlineageTag: {guid(table.name)}\n"
    head += "\tdataCategory: Time\n" if table.date_table else ""
    columns = "".join(_column(table, column) for column in table.columns)
    hierarchies = "".join(_hierarchy(table, hierarchy) for hierarchy in table.hierarchies)
    return f"{head}\n{columns}{hierarchies}{_partition(table.name, import_query(table))}"


def _column(table: Table, column: Column) -> str:
    shown = "mmm yyyy" if column.shown_as == "month" else _FORMATS.get(column.type)
    properties = [
        f"dataType: {_TYPES[column.type]}",
        *(["isHidden"] if column.name is None else []),
        *(["isKey"] if column.key else []),
        *([f"formatString: {shown}"] if shown else []),
        f"lineageTag: {guid(table.name, column.title)}",
        *(["dataCategory: StateOrProvince"] if column.title == "State name" else []),
        "summarizeBy: none",
        f"sourceColumn: {column.column}",
        *([f"sortByColumn: {quoted(table.column(column.sort_by).title)}"] if column.sort_by else []),
    ]
    body = "".join(f"\t\t{line}\n" for line in properties)
    note = "\n\t\tannotation UnderlyingDateTimeDataType = Date\n" if column.type == "date" else ""
    return f"\tcolumn {quoted(column.title)}\n{body}{note}\n"


def _hierarchy(table: Table, hierarchy: Hierarchy) -> str:
    tag = (table.name, hierarchy.name)
    levels = "".join(
        f"\t\tlevel {quoted(level)}\n\t\t\tlineageTag: {guid(*tag, level)}\n\t\t\tcolumn: {quoted(level)}\n\n"
        for level in hierarchy.levels
    )
    return f"\thierarchy {quoted(hierarchy.name)}\n\t\tlineageTag: {guid(*tag)}\n\n{levels}"


def _partition(name: str, query: str) -> str:
    body = "".join(f"\t\t\t\t{line}\n" for line in query.splitlines())
    return f"\tpartition {quoted(name)} = m\n\t\tmode: import\n\t\tsource =\n{body}\n\tannotation PBI_ResultType = Table\n\n"


def _measures_table(made: list[Measure]) -> str:
    body = "".join("".join(_measure(measure)) for measure in made)
    column = (
        f"\tcolumn Nothing\n\t\tdataType: string\n\t\tisHidden\n\t\tlineageTag: {guid(MEASURES, 'Nothing')}\n"
        "\t\tsummarizeBy: none\n\t\tsourceColumn: Nothing\n\n"
    )
    query = "let\n    Source = #table(type table [Nothing = text], {})\nin\n    Source"
    head = f"/// Every measure, and no data\ntable {MEASURES}\n\tlineageTag: {guid(MEASURES)}\n\n"
    return head + body + column + _partition(MEASURES, query)


def _measure(measure: Measure) -> Iterator[str]:
    yield f"\t/// {measure.description}\n\tmeasure {quoted(measure.name)} = "
    lines = measure.dax.splitlines()
    if len(lines) == 1:
        yield f"{measure.dax}\n"
    else:
        yield "```\n" + "".join(f"\t\t\t{line}\n" for line in lines) + "\t\t\t```\n"
    if measure.format_string:
        yield f"\t\tformatString: {measure.format_string}\n"
    if measure.hidden:
        yield "\t\tisHidden\n"
    yield f"\t\tdisplayFolder: {measure.folder}\n\t\tlineageTag: {guid(MEASURES, measure.name)}\n\n"
