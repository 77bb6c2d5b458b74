"""`olist gold`: builds it, hands over what dbt left behind, and announces it to Airflow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from olist import pipeline
from olist.console import Json, NoOpCode, err, errors, finish, out, settings
from olist.errors import ConfigurationError
from olist.lake.open import open_lake
from olist.terminal import Progress

__all__ = ["register"]

gold = typer.Typer(invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.add_typer(gold, name="gold")


@gold.callback(epilog="Example: `olist gold`")
def build(context: typer.Context, as_json: Json = False) -> None:
    """Build and test gold with dbt, swap it in when green, and announce it where OLIST_AIRFLOW is set."""
    if context.invoked_subcommand is not None:
        return
    loaded = settings()
    with Progress(err if as_json else out) as listener:
        report = pipeline.gold(loaded, listener=listener)
    finish(loaded, report, as_json)


@gold.command(epilog="Example: `olist gold artifacts --new fetched/`")
def artifacts(
    folder: Annotated[
        Path, typer.Option("--new", help="Folder for the artifacts of each invocation not fetched before.")
    ],
    no_op_code: NoOpCode = 0,
) -> None:
    """Copy dbt's artifacts from the lake, each invocation once. They stay for a day; without any there is nothing to do."""
    from olist.gold.artifacts import fetch_new

    with errors():
        new = fetch_new(open_lake(settings()), folder)
        out.print("\n".join(new) or "nothing new", soft_wrap=True)
        if no_op_code and not any(folder.glob("*/*.json")):
            raise typer.Exit(no_op_code)


@gold.command(epilog="Example: `olist gold announce`")
def announce() -> None:
    """Tell Airflow again that gold has changed, after it could not be told."""
    from olist.gold.announce import announce as tell

    with errors():
        loaded = settings()
        if loaded.airflow is None:
            raise ConfigurationError(
                "nobody is to be told",
                resource="OLIST_AIRFLOW",
                expected="Airflow's URL, with user and password",
                found="unset",
                remedy="set it, or trigger the export by hand",
            )
        tell(loaded.airflow.get_secret_value(), "by hand")
        out.print("announced")
