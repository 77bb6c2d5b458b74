"""Every statement that BigQuery gets is its own to sqlglot's parser, keeps to what its reference allows, and none is forgotten."""

from __future__ import annotations

import subprocess

import pytest
from sqlglot import ErrorLevel, exp, parse

from bigquery_statements import ASKED, ELSEWHERE, OWN, RECORD, statements
from olist.export.bigquery import pointing
from olist.settings import PROJECT

STATEMENTS = statements() | {
    f"pointing {n}": text for n, text in enumerate(pointing("p.d", {"orders": "orders__1"}, {"gone"}))
}


def parsed(text: str) -> exp.Expr:
    (tree,) = parse(text, read="bigquery", error_level=ErrorLevel.RAISE)
    assert tree is not None
    return tree


@pytest.mark.parametrize("origin", STATEMENTS)
def test_every_statement_is_bigquerys_to_sqlglot(origin: str) -> None:
    assert not isinstance(parsed(STATEMENTS[origin]), exp.Command)


@pytest.mark.parametrize("origin", STATEMENTS)
def test_no_statement_uses_what_bigquery_refuses_and_the_stand_in_takes(origin: str) -> None:
    """https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax and …/subqueries#correlated_subquery_concepts."""
    tree = parsed(STATEMENTS[origin])
    for join in tree.find_all(exp.Join):
        if join.side and join.args.get("on"):
            assert list(join.args["on"].find_all(exp.EQ)), f"an outer join needs an equality: {join}"
    for recursive in (w for w in tree.find_all(exp.With) if w.args.get("recursive")):
        unions = list(recursive.find_all(exp.Union))
        assert not any(u.args["distinct"] for u in unions), "recursion is by UNION ALL alone"
    for select in (s for s in tree.find_all(exp.Select) if s.args.get("distinct") and s.args.get("order")):
        assert not any(c.table for c in select.args["order"].find_all(exp.Column)), (
            "DISTINCT hides the tables from ORDER BY"
        )
    for exists in tree.find_all(exp.Exists):
        assert not exists.find_ancestor(exp.Or), "EXISTS below OR cannot always be made a join"


@pytest.mark.parametrize(
    "origin", [origin for origin, text in STATEMENTS.items() if isinstance(parsed(text), exp.Create)]
)
def test_a_view_names_the_dataset_of_every_table(origin: str) -> None:
    """https://cloud.google.com/bigquery/docs/views#view_limitations: the default dataset does not affect a view's body."""
    tree = parsed(STATEMENTS[origin])
    own = {part.alias for part in tree.find_all(exp.CTE)}
    assert tree.args["kind"] == "TABLE" or all(t.db for t in tree.find_all(exp.Table) if t.name not in own)


def test_no_sql_file_is_forgotten() -> None:
    listed = subprocess.run(["git", "ls-files", "*.sql"], cwd=PROJECT, capture_output=True, text=True, check=True)
    known = (*ASKED, *RECORD, *OWN, *ELSEWHERE)
    assert listed.stdout
    forgotten = [f for f in listed.stdout.split() if not any(f == k or f.startswith(f"{k}/") for k in known)]
    assert forgotten == [], "put each in a list of tests/bigquery_statements.py: who runs it?"
