"""The one set-up of the agent's logs: to standard error, one line an entry, every text in it redacted, whoever logs it."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from openclaw.redact import redact
from opstore.logs import cloud_fields, on_cloud_run

__all__ = ["configure_logs"]


def configure_logs(level: str) -> None:
    """Log from `level` on (debug, info, warning, error); libraries from warning on, through the same redaction."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redacted,
            *([cloud_fields] if on_cloud_run() else []),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _redacted(logger: Any, name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value if isinstance(value, str) else str(value)) for key, value in entry.items()}
