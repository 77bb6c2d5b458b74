"""What every `olist` command shares: where it prints, what it exits with, how it shows an error, and the options that several take."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from olist import watch
from olist.errors import ConfigurationError, OlistError, explained
from olist.logs import configure_logs
from olist.report import Report
from olist.settings import Settings, load_settings
from olist.terminal import print_report
from opstore.store import OpstoreUnavailable

__all__ = [
    "FAILED",
    "Json",
    "NoOpCode",
    "ProcessingDate",
    "Source",
    "err",
    "errors",
    "finish",
    "finish_piece",
    "out",
    "settings",
    "sourced",
]

# A pipe has no width: what is written to one is not cut to 80 columns.
_WIDTH = None if sys.stdout.isatty() else 120
out = Console(highlight=False, width=_WIDTH)
err = Console(stderr=True, highlight=False, width=_WIDTH)

FAILED, MISCONFIGURED, TRY_AGAIN = 1, 2, 75  # 75 is EX_TEMPFAIL of sysexits.h

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object; progress goes to standard error.")]
Source = Annotated[
    str | None,
    typer.Option("--source", help="A folder of CSVs, the Kaggle zip, `kaggle` or `synthetic`; default: searched for."),
]
ProcessingDate = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day the batch belongs to; default: today (UTC).")
]
NoOpCode = Annotated[
    int, typer.Option("--no-op-code", min=0, max=255, help="What to exit with when there was nothing to do.")
]


def sourced(source: str | None) -> tuple[Settings, str]:
    """Settings with the source from the command line, and who named it."""
    return settings(source=source or None), "--source" if source else "OLIST_SOURCE is set"


def settings(**overrides: object) -> Settings:
    """Settings from the environment, and logs as they say."""
    with errors():
        loaded = load_settings(**overrides)
    configure_logs(loaded.log_level)
    return loaded


def finish(settings: Settings, report: Report, as_json: bool) -> None:
    """Show the report and what the agent makes of it, and end with its exit code."""
    _show(report, as_json)
    if said := watch.poll(settings, report.run_id, failed=report.error is not None):
        (err if as_json else out).print("", said, sep="\n", soft_wrap=True, markup=False)
    if report.error is not None:
        raise typer.Exit(_exit_code(report.error))


def finish_piece(report: Report, as_json: bool, no_op_code: int = 0) -> None:
    """Show the report and end with its exit code, or `no_op_code` where there was nothing to do. The agent has a schedule of its own."""
    _show(report, as_json)
    if report.error is not None:
        raise typer.Exit(_exit_code(report.error))
    if report.status == "no_op" and no_op_code:
        raise typer.Exit(no_op_code)


def _show(report: Report, as_json: bool) -> None:
    print_report(err if as_json else out, report)
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2) + "\n")
    if report.error is not None:
        err.print(f"\n[bold red]error[/] {_escaped(str(report.error))}", soft_wrap=True)


@contextmanager
def errors() -> Iterator[None]:
    """Ends the command with an error that was raised on purpose, or is the operating system's, shown without a traceback."""
    try:
        yield
    except BrokenPipeError:  # whoever read our output has seen enough
        raise
    except (OlistError, OSError, OpstoreUnavailable) as error:
        shown = error if isinstance(error, OlistError) else explained(error, load_settings().home)
        err.print(f"[bold red]error[/] {_escaped(str(shown))}", soft_wrap=True)
        raise typer.Exit(_exit_code(shown)) from error


def _exit_code(error: OlistError) -> int:
    if isinstance(error, ConfigurationError):
        return MISCONFIGURED
    return TRY_AGAIN if error.transient else FAILED


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
