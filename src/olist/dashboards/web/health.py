"""What a page has to say about itself before its figures: as of when they are true, and what is wrong with the data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import psycopg

from olist.dashboards.numbers import full
from olist.dashboards.spec import Locale
from olist.dashboards.web.reading import statement
from olist.dashboards.web.words import Words

__all__ = ["OLD", "Health", "Notice", "health"]

OLD = timedelta(hours=26)
"""Age from which on the platform's status says nothing of today: a day, and what a daily run may take."""
_NAMED = 120
_KINDS = {"freshness": "late_tables", "check": "failed_checks"}


@dataclass(frozen=True)
class Notice:
    """A banner: `bad` where figures may be wrong, `warn` where that is not known, `info` where there are none yet."""

    level: Literal["bad", "warn", "info"]
    text: str


@dataclass(frozen=True)
class Health:
    """The banners of a page, and when the platform's status was recorded (UTC), None where it never was."""

    notices: tuple[Notice, ...]
    status_at: datetime | None


def health(connection: psycopg.Connection[Any], words: Words, locale: Locale, now: datetime | None = None) -> Health:
    """Read the platform's status as the warehouse has it."""
    if connection.execute("SELECT to_regclass('olist_meta.platform_status')").fetchone() == (None,):
        return Health((Notice("warn", words.notice("no_status", locale)),), None)
    ((at,),) = connection.execute("SELECT max(as_of) FROM olist_meta.platform_status").fetchall()
    if at is None:
        return Health((Notice("warn", words.notice("no_status", locale)),), None)
    found = connection.execute(statement("status")).fetchall()
    return Health((*_faults(found, words, locale), *_age(at, words, locale, now)), at)


def _faults(found: list[Any], words: Words, locale: Locale) -> Iterator[Notice]:
    for kind, is_error, count, names in found:
        shown = names if len(names) <= _NAMED else names[:_NAMED] + "…"
        text = words.notice(_KINDS[kind], locale, count=full(count, "integer", locale), names=shown)
        yield Notice("bad" if is_error else "warn", text)


def _age(at: datetime, words: Words, locale: Locale, now: datetime | None) -> Iterator[Notice]:
    if (now or datetime.now(UTC)).replace(tzinfo=None) - at > OLD:
        yield Notice("warn", words.notice("old_status", locale, at=full(at, "moment", locale)))
