"""The one set-up of the agent's logs: to standard error, one line an entry, every text in it redacted, whoever logs it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from openclaw.redact import redact
from opstore.logs import cloud_fields, on_cloud_run, write_logs

__all__ = ["configure_logs"]


def configure_logs(level: str) -> None:
    """Log from `level` on (debug, info, warning, error); libraries from warning on, through the same redaction."""
    rendering: list[Processor] = [
        structlog.processors.format_exc_info,
        _redacted,
        *([cloud_fields] if on_cloud_run() else []),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    write_logs(level, rendering, libraries=True)


def _redacted(logger: Any, name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value if isinstance(value, str) else str(value)) for key, value in entry.items()}
