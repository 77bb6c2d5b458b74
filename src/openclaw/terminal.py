"""What every sub-command shares: the settings, the record, and errors that are shown without a traceback."""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

import typer

from openclaw.actions import CannotDo
from openclaw.logs import configure_logs
from openclaw.redact import redact
from openclaw.settings import Settings, SettingsError, load_settings
from opstore.store import Opstore, OpstoreUnavailable, open_opstore

__all__ = ["FAILED", "UNREADABLE", "Actor", "Reason", "errors", "open_record", "open_settings", "span"]

FAILED, MISCONFIGURED, UNREADABLE, TRY_AGAIN = 1, 2, 2, 75  # the last is EX_TEMPFAIL of sysexits.h
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

Actor = Annotated[str, typer.Option("--by", help="Who you are; kept in the history.", default_factory=getpass.getuser)]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the history.")]


@contextmanager
def errors() -> Iterator[None]:
    """Ends the command with a message and an exit code for what may go wrong on purpose."""
    try:
        yield
    except (SettingsError, ValueError) as error:
        _end(error, MISCONFIGURED)
    except OpstoreUnavailable as error:
        _end(f"the record cannot be used: {error} ({error.filename}); OPENCLAW_OPSTORE names it", TRY_AGAIN)
    except CannotDo as error:
        _end(error, FAILED)


def open_settings() -> Settings:
    """The settings, logs set up by them. Raises SettingsError."""
    settings = load_settings()
    configure_logs(settings.log_level)
    return settings


def open_record() -> Opstore:
    """The record that the settings name. Raises SettingsError, UnknownStore."""
    return open_opstore(open_settings().opstore)


def span(text: str) -> timedelta:
    """`30s`, `30m`, `4h`, `2d`. Raises ValueError."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if found is None:
        raise ValueError(f"a time such as 30s, 30m, 4h or 2d was expected, found {text[:50]!r}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _end(error: object, code: int) -> None:
    typer.echo(f"error {redact(str(error))}", err=True)
    raise typer.Exit(code)
