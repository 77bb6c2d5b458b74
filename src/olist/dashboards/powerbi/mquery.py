"""How a table is imported: gold's columns, their types said outright.

Every change of type names its culture. Without it Power Query reads text by the locale of whoever refreshes, and a decimal point read as
a thousands separator makes revenue a hundred times too high.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from olist.dashboards.model import Column, ColumnType, Join, Table

__all__ = ["CULTURE", "M_TYPES", "import_query"]

CULTURE = "en-US"
M_TYPES: dict[ColumnType, str] = {
    "text": "type text",
    "integer": "Int64.Type",
    "money": "Currency.Type",
    "number": "type number",
    "date": "type date",
    "moment": "type datetime",
    "boolean": "type logical",
}


def import_query(table: Table) -> str:
    """The table's query in M. Every step folds into one SELECT on the server."""
    steps = [
        ("Source", "PostgreSQL.Database(Server, Database, [CreateNavigationProperties = false])"),
        ("Whole", f'Source{{[Schema = "{table.schema_}", Item = "{table.source}"]}}[Data]'),
    ]
    steps += list(_joins(table, steps[-1][0]))
    steps.append(("Chosen", f"Table.SelectColumns({steps[-1][0]}, {_list(c.column for c in table.columns)})"))
    types = ", ".join(f'{{"{column.column}", {M_TYPES[column.type]}}}' for column in table.columns)
    steps.append(("Typed", f'Table.TransformColumnTypes(Chosen, {{{types}}}, "{CULTURE}")'))
    body = ",\n".join(f"    {name} = {expression}" for name, expression in steps)
    return f"let\n{body}\nin\n    Typed"


def _joins(table: Table, before: str) -> Iterator[tuple[str, str]]:
    """The steps that bring in the columns of other tables, one table after the other."""
    for number, (join, columns) in enumerate(_by_join(table).items(), start=1):
        other = f'Source{{[Schema = "gold", Item = "{join.table}"]}}[Data]'
        needed = _list([join.on, *(column.column for column in columns)])
        brought = _list(column.column for column in columns)
        yield (f"Other{number}", f"Table.SelectColumns({other}, {needed})")
        yield (
            f"Met{number}",
            f'Table.NestedJoin({before}, {{"{join.on}"}}, Other{number}, {{"{join.on}"}}, "other", JoinKind.LeftOuter)',
        )
        before = f"Joined{number}"
        yield (before, f'Table.ExpandTableColumn(Met{number}, "other", {brought})')


def _by_join(table: Table) -> dict[Join, list[Column]]:
    joins: dict[Join, list[Column]] = {}
    for column in table.columns:
        if column.join:
            joins.setdefault(column.join, []).append(column)
    return joins


def _list(names: Iterable[str]) -> str:
    return "{" + ", ".join(f'"{name}"' for name in names) + "}"
