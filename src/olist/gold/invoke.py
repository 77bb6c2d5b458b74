"""dbt in this process: importing it once more in another would cost as much as building several models."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from olist.warehouse.connect import libpq_environment

__all__ = ["invoke", "parse"]


def invoke(
    arguments: Sequence[str],
    project: Path,
    connection: psycopg.Connection,
    *,
    schema: str,
    work: Path,
    on_event: Callable[[Any], None] = lambda event: None,
) -> Any:
    """dbt's own result of a command on the connection's warehouse; `schema` is what models are built in.

    `work` keeps dbt's target folder and log between invocations, so that it parses only what changed.
    """
    from dbt.cli.main import dbtRunner  # slow to import, and only gold needs it

    with _environment(libpq_environment(connection) | {"OLIST_DBT_SCHEMA": schema}):
        return dbtRunner(callbacks=[on_event]).invoke([*arguments, *_folders(project, work)])


def parse(project: Path, work: Path) -> bool:
    """Write the manifest alone, without a database; whether that succeeded. It takes seconds."""
    from dbt.cli.main import dbtRunner

    return dbtRunner().invoke(["parse", *_folders(project, work)]).success


def _folders(project: Path, work: Path) -> list[str]:
    read = ["--project-dir", str(project), "--profiles-dir", str(project)]
    return [*read, "--target-path", str(work / "target"), "--log-path", str(work / "logs"), "--log-level", "none"]


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """dbt's profile reads its connection from the environment."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
