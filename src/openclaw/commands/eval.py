"""`openclaw eval`: how often the right runbook is found for an error text, and its category told."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from openclaw.evaluation import Asked, Result

__all__ = ["register"]

_QUERIES = Path(__file__).resolve().parents[3] / "evals" / "runbooks.jsonl"

_ROWS = {"tuning": {"tuning"}, "held out": {"held out"}, "all": {"tuning", "held out"}}


def register(app: typer.Typer) -> None:
    """Adds `eval` to the command."""
    app.command("eval", epilog="Example: `openclaw eval --min-hit-at-1 0.95`")(evaluate)


def evaluate(
    queries: Annotated[Path, typer.Option(help="Labelled error texts, as JSON lines.")] = _QUERIES,
    least: Annotated[
        float, typer.Option("--min-hit-at-1", min=0, max=1, help="Fail where a half of the texts has less.")
    ] = 0.0,
    misses: Annotated[
        bool, typer.Option("--misses", help="Name the texts of the tuning half whose runbook is not the first.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measures retrieval over error texts that were captured, asked without their category; exits with 1 below the threshold."""
    from openclaw.evaluation import EvaluationError, ask_all, read_queries
    from openclaw.runbooks import Runbooks
    from openclaw.settings import load_settings

    settings = load_settings()
    try:
        known = read_queries(queries)
    except EvaluationError as error:
        typer.echo(f"error {error}", err=True)
        raise typer.Exit(2) from error
    asked = ask_all(known, Runbooks.of(settings).search)
    results = {name: _result([a for a in asked if a.query.half in halves]) for name, halves in _ROWS.items()}
    if as_json:
        typer.echo(json.dumps({name: asdict(result) for name, result in results.items()}, indent=2))
    else:
        _print(results)
    if misses:
        _name_misses(asked)
    if any(result.hit_at_1.share < least for result in results.values()):
        typer.echo(f"error hit@1 is below {least:.1%} on a part of the texts", err=True)
        raise typer.Exit(1)


def _result(asked: list[Asked]) -> Result:
    from openclaw.diagnosis import diagnose
    from openclaw.evaluation import result

    return result(asked, lambda text: diagnose(text).category)


def _print(results: dict[str, Result]) -> None:
    table = Table("texts", "", "hit@1", "hit@3", "MRR", "category", "confidently wrong", box=None, pad_edge=False)
    for name, r in results.items():
        measures = (r.hit_at_1, r.hit_at_3, r.mean_reciprocal_rank, r.category, r.confidently_wrong)
        table.add_row(name, str(r.queries), *(f"{m.share:.1%} ({m.low:.1%}-{m.high:.1%})" for m in measures))
    Console(width=140, highlight=False).print(table)
    typer.echo("in brackets: 95 % confidence")


def _name_misses(asked: list[Asked]) -> None:
    for one in asked:
        if one.rank != 1 and one.query.half == "tuning":  # the other half is not to be looked at
            wanted, found = " or ".join(one.query.runbooks), ", ".join(one.found) or "nothing"
            typer.echo(f"{one.query.id} wants {wanted}, found {found}")
