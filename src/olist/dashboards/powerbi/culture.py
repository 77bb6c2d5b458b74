"""The model in Portuguese: captions of tables, columns, hierarchies and measures; folders and descriptions of measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from olist.dashboards.model import MEASURES, Model, Table
from olist.dashboards.powerbi.dax import Measure
from olist.dashboards.powerbi.naming import quoted

__all__ = ["translation"]


def translation(model: Model, made: Sequence[Measure]) -> str:
    """The text of the culture's file."""
    lines = ["cultureInfo pt-BR", "", "\ttranslations", "\t\tmodel Model", ""]
    lines += [f"\t\t\ttable {MEASURES}", "\t\t\t\tcaption: Medidas", ""]
    for measure in made:
        lines += [
            f"\t\t\t\tmeasure {quoted(measure.name)}",
            f"\t\t\t\t\tcaption: {measure.caption}",
            f"\t\t\t\t\tdescription: {measure.description_caption}",
            f"\t\t\t\t\tdisplayFolder: {measure.folder_caption}",
            "",
        ]
    for table in model.tables:
        lines += _table(table)
    return "\n".join(lines) + "\n"


def _table(table: Table) -> Iterator[str]:
    yield from (f"\t\t\ttable {quoted(table.name)}", f"\t\t\t\tcaption: {table.caption}")
    yield from (f"\t\t\t\tdescription: {table.description['pt-BR']}", "")
    for column in table.columns:
        if column.name and column.caption:
            yield from (f"\t\t\t\tcolumn {quoted(column.title)}", f"\t\t\t\t\tcaption: {column.caption}", "")
    for hierarchy in table.hierarchies:
        yield from (f"\t\t\t\thierarchy {quoted(hierarchy.name)}", f"\t\t\t\t\tcaption: {hierarchy.caption}", "")
