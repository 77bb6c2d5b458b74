"""The documentation of gold on one page: every model and column, their tests, and how each comes from the others."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg

from olist.errors import GoldFailed
from olist.gold.invoke import invoke

__all__ = ["write_docs"]


def write_docs(project: Path, connection: psycopg.Connection, *, work: Path, page: Path) -> None:
    """Write `page`, one HTML file that needs no other and no server, with the types and sizes of what gold serves now.

    `work` is dbt's, apart from that of the builds. Raises GoldFailed when dbt cannot read its project.
    """
    outcome = invoke(["docs", "generate", "--static"], project, connection, schema="gold", work=work)
    if not outcome.success:
        raise GoldFailed(
            "dbt: the documentation was not written",
            resource=str(project),
            expected="a project that dbt can read",
            found=str(outcome.exception or "a model that does not compile"),
            remedy=f"see {work / 'logs' / 'dbt.log'}",
        )
    page.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(work / "target" / "static_index.html", page)
