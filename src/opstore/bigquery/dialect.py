"""The record's SQL, written once for SQLite, as BigQuery has it; and its tables, as views of the log.

Only what the record's statements use is translated: parameters, lists given as JSON, moments (text in SQLite, TIMESTAMP here), sums of
comparisons, and columns that are not grouped. `schema/` stays the one place where tables, keys and views are defined.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp

from opstore.database import migrations

__all__ = ["Table", "tables", "translated", "views"]

_TYPES = {"TEXT": "STRING", "INT": "INT64", "DOUBLE": "FLOAT64"}


@dataclass(frozen=True)
class Table:
    """A table of the record: its columns with BigQuery's types, and those of its primary key. `number` is its partition of the log."""

    name: str
    number: int
    columns: Mapping[str, str]
    key: tuple[str, ...]

    def key_of(self, row: Mapping[str, object]) -> str:
        """What tells a row from all others of the record."""
        return json.dumps([self.name, *(row[column] for column in self.key)])

    @property
    def view(self) -> str:
        """The statement that shows the log's rows of this table, typed."""
        columns = ", ".join(f"{_read(name, kind)} AS {name}" for name, kind in self.columns.items())
        return (
            f"CREATE OR REPLACE VIEW {self.name} AS SELECT {columns} FROM ops_rows WHERE table_number = {self.number}"
        )


@cache
def translated(statement: str) -> str:
    """A statement of SQLite for BigQuery. Parameters given by position become @p0, @p1, …"""
    return _translated(sqlglot.parse_one(_named(statement), read="sqlite")).sql("bigquery", comments=False)


@cache
def tables() -> dict[str, Table]:
    """The record's tables by name, from the files of `schema/`, numbered as they come: a new one comes last."""
    columns: dict[str, dict[str, str]] = {}
    keys: dict[str, tuple[str, ...]] = {}
    for statement in _definitions():
        name = statement.find(exp.Table)
        if name is None or not isinstance(statement, exp.Create | exp.Alter) or statement.args["kind"] != "TABLE":
            continue
        columns.setdefault(name.name, {}).update(_columns(statement))
        keys[name.name] = _key(statement) or keys.get(name.name, ())
    return {name: Table(name, number, types, keys[name]) for number, (name, types) in enumerate(columns.items(), 1)}


def views(project: str, dataset: str) -> list[str]:
    """The statements that make the tables' views and the views on them, in order."""
    made = [s for s in _definitions() if isinstance(s, exp.Create) and s.args["kind"] == "VIEW"]
    for view in made:
        view.set("exists", False)
        view.set("replace", True)
    all_of_them = [sqlglot.parse_one(t.view, read="bigquery") for t in tables().values()] + [*map(_translated, made)]
    return [_qualified(view, project, dataset).sql("bigquery", comments=False) for view in all_of_them]


def _qualified(view: exp.Expr, project: str, dataset: str) -> exp.Expr:
    """With every table's dataset: BigQuery refuses a view without them, whatever the default dataset of the statement that makes it."""
    own = {part.alias for part in view.find_all(exp.CTE)}
    for table in view.find_all(exp.Table):
        if table.name not in own:
            table.set("db", exp.to_identifier(dataset, quoted=True))
            table.set("catalog", exp.to_identifier(project, quoted=True))
    return view


def _definitions() -> Iterable[exp.Expr]:
    for text in migrations():
        yield from (s for s in sqlglot.parse(text, read="sqlite") if s is not None)


def _columns(statement: exp.Expr) -> dict[str, str]:
    found = ((c.name, c.args["kind"]) for c in statement.find_all(exp.ColumnDef))
    return {name: "TIMESTAMP" if name.endswith("_at") else _TYPES[kind.this.value] for name, kind in found}


def _key(statement: exp.Expr) -> tuple[str, ...]:
    whole = statement.find(exp.PrimaryKey)
    if whole is not None:
        return tuple(part.name for part in whole.expressions)
    marked = statement.find(exp.PrimaryKeyColumnConstraint)
    column = marked and marked.find_ancestor(exp.ColumnDef)
    return (column.name,) if column else ()


def _read(name: str, kind: str) -> str:
    if name == "recorded_at":
        return name
    value = f"JSON_VALUE(document, '$.{name}')"
    return value if kind == "STRING" else f"CAST({value} AS {kind})"


def _named(statement: str) -> str:
    """Parameters by position given names, in the order of the text."""
    marks = [t for t in sqlglot.tokenize(statement, read="sqlite") if t.token_type is sqlglot.TokenType.PLACEHOLDER]
    for number, mark in reversed(list(enumerate(marks))):
        statement = f"{statement[: mark.start]}:p{number}{statement[mark.end + 1 :]}"
    return statement


def _translated(statement: exp.Expr) -> exp.Expr:
    def change(node: exp.Expr) -> exp.Expr:
        match node:
            case exp.Placeholder():
                return exp.Parameter(this=exp.var(node.this))
            case exp.Select():
                return _with_bare_columns(node)
        return _of_list(_computed(node))

    return statement.transform(change)


def _computed(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.Sum(this=exp.Predicate()):
            return exp.func("COUNTIF", node.this)
        case exp.Sum(this=exp.JSONExtractScalar()):
            return exp.func("SUM", exp.cast(node.this, "BIGINT"))
        case exp.Anonymous(this="unixepoch", expressions=[moment]):
            return exp.func("UNIX_SECONDS", moment)
        case exp.TimeToStr(this=exp.TsOrDsToTimestamp(this=exp.Literal(this="now"))):
            return exp.CurrentTimestamp()
    return node


def _with_bare_columns(select: exp.Select) -> exp.Select:
    """Beside a min(), SQLite takes columns that are not grouped from the row that has the minimum: BigQuery has words for that."""
    group, least = select.args.get("group"), select.find(exp.Min)
    if group is None or least is None or least.parent_select is not select:
        return select
    for column in [part for part in select.expressions if isinstance(part, exp.Column)]:
        if column not in group.expressions:
            first = exp.AnyValue(this=exp.HavingMax(this=column.copy(), expression=least.this.copy(), max=False))
            column.replace(exp.alias_(first, column.name))
    return select


def _of_list(node: exp.Expr) -> exp.Expr:
    """A list that is given as JSON, its elements and their parts."""
    match node:
        case exp.Table(this=exp.Anonymous(this="json_each", expressions=[given])):
            array = exp.func("JSON_QUERY_ARRAY", given)
            return exp.Unnest(expressions=[array], alias=exp.TableAlias(columns=[exp.to_identifier(node.alias)]))
        case exp.JSONExtractScalar(this=exp.Column(this=exp.Identifier(this="value"), table=element)):
            name = node.expression.expressions[-1].this
            part = exp.func("JSON_VALUE", exp.column(element), exp.Literal.string(f"$.{name}"))
            return exp.func("TIMESTAMP", part) if name == "since" or name.endswith("_at") else part
        case exp.Column(this=exp.Identifier(this="value"), table=element) if element:
            return exp.func("JSON_VALUE", exp.column(element), exp.Literal.string("$"))
    return node
