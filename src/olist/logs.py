"""The one set-up of the logs: to standard error, so that standard output stays what the user asked for."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from opstore.logs import cloud_fields, on_cloud_run

__all__ = ["configure_logs"]


def configure_logs(level: str) -> None:
    """Log from `level` on (debug, info, warning, error): for people, or on Cloud Run for Cloud Logging."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendering(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def _rendering() -> list[Any]:
    if not on_cloud_run():
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    return [structlog.processors.format_exc_info, cloud_fields, structlog.processors.JSONRenderer(ensure_ascii=False)]
