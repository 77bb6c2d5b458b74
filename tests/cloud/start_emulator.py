"""The stand-in for BigQuery, nearer to the original: run by `.venv-emulator`, not by the tests' own Python.

    python start_emulator.py start --project test …

What BigQuery does and bqemulator 1.4.0 does otherwise, one rule each; docs/bigquery.md lists them.
"""

from __future__ import annotations

from typing import Any

from bqemulator.cli import main
from bqemulator.domain.errors import InvalidQueryError
from bqemulator.sql import translator
from bqemulator.sql.rewriter.create_table_schema_ctas import rewrite_create_table_schema_ctas
from bqemulator.sql.rules import register
from bqemulator.sql.rules._base import TranslationRule
from sqlglot import exp, parse_one


@register
class NumericHasNineDecimals(TranslationRule):
    """NUMERIC has 38 digits, 9 of them decimals. The stand-in leaves it to DuckDB, whose DECIMAL alone is DECIMAL(18, 3)."""

    name = "NUMERIC"

    def applies_to(self, node: exp.Expression) -> bool:
        return isinstance(node, exp.DataType) and node.sql(dialect="duckdb") == "DECIMAL(18, 3)"

    def rewrite(self, node: exp.Expression) -> exp.Expression:
        return exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb")


@register
class ChrTakesInt64(TranslationRule):
    """CHR takes an INT64. DuckDB's takes 32 bits, and the stand-in does not narrow what is no literal."""

    name = "CHR"

    def applies_to(self, node: exp.Expression) -> bool:
        return isinstance(node, exp.Chr) and not isinstance(node.expressions[0], exp.Literal)

    def rewrite(self, node: exp.Expression) -> exp.Expression:
        return exp.Chr(expressions=[exp.cast(node.expressions[0].copy(), "INT")])


def columns_and_query(statement: str) -> str:
    """`create table t (columns) as (query)` is one statement; the stand-in reads it without the second parentheses only. A cast to a
    type with digits is refused; the stand-in takes it."""
    tree = parse_one(statement, read="bigquery")
    if any(cast.to.this == exp.DataType.Type.DECIMAL and cast.to.expressions for cast in tree.find_all(exp.Cast)):
        raise InvalidQueryError("Parameterized types are not allowed in CAST expressions")
    if not isinstance(tree, exp.Create) or not isinstance(tree.expression, exp.Subquery):
        return rewrite_create_table_schema_ctas(statement)
    tree.set("expression", tree.expression.unnest())
    return rewrite_create_table_schema_ctas(tree.sql(dialect="bigquery"))


def load_parquet(path: str, target: str, context: Any) -> None:
    """A load takes `key=value` in a path for columns only where it asks for that. The stand-in always does."""
    context.engine.execute(f"INSERT INTO {target} SELECT * FROM read_parquet(?, hive_partitioning = false)", [path])


translator.rewrite_create_table_schema_ctas = columns_and_query

if __name__ == "__main__":
    from bqemulator.jobs import executor  # takes the rules that are registered when it is imported

    executor._LOAD_FORMAT_HANDLERS["PARQUET"] = load_parquet
    main()
