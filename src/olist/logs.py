"""The one set-up of the logs: to standard error, so that standard output stays what the user asked for."""

from __future__ import annotations

import sys

import structlog
from structlog.typing import Processor

from opstore.logs import cloud_fields, on_cloud_run, write_logs

__all__ = ["configure_logs"]


def configure_logs(level: str) -> None:
    """Log from `level` on (debug, info, warning, error): for people, or on Cloud Run for Cloud Logging."""
    write_logs(level, _rendering(), libraries=on_cloud_run())


def _rendering() -> list[Processor]:
    if not on_cloud_run():
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    return [structlog.processors.format_exc_info, cloud_fields, structlog.processors.JSONRenderer(ensure_ascii=False)]
