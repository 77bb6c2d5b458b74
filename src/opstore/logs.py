"""The set-up of the logs that both commands share, and their form on Cloud Run: one JSON object a line, its special fields named.

https://cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

__all__ = ["bind_trace", "cloud_fields", "on_cloud_run", "write_logs"]

_TRACE = "logging.googleapis.com/trace"
# `stack_trace` is where Error Reporting looks.
_NAMES = {"level": "severity", "event": "message", "timestamp": "time", "exception": "stack_trace"}
# W3C's traceparent (00-<trace>-<span>-<flags>) and Google's own X-Cloud-Trace-Context (<trace>/<span>;o=<flags>).
_TRACE_ID = re.compile(r"(?:00-)?([0-9a-f]{32})\b")


def write_logs(level: str, rendering: Sequence[Processor], *, libraries: bool) -> None:
    """Write entries from `level` on (debug, info, warning, error) to standard error, as the last of `rendering` makes them.

    With `libraries`, what they log from warning on takes the same way: a traceback of theirs is one entry, too.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    begun: list[Processor] = [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]
    structlog.configure(
        processors=[*begun, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    if libraries:
        handler = logging.StreamHandler(sys.stderr)
        own = [ProcessorFormatter.remove_processors_meta, *rendering]
        begun = [*begun, structlog.stdlib.add_logger_name]
        handler.setFormatter(ProcessorFormatter(foreign_pre_chain=begun, processors=own))
        logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


def on_cloud_run() -> bool:
    """Whether this is a Cloud Run service or job (its container contract sets these variables)."""
    return "K_SERVICE" in os.environ or "CLOUD_RUN_JOB" in os.environ


def bind_trace(header: str | None) -> None:
    """Have every entry of this request name its trace, so that Cloud Logging shows them under it. `header` is one of the two above."""
    found = _TRACE_ID.match(header or "")
    project = os.environ.get("GOOGLE_CLOUD_PROJECT")
    if found and project:
        structlog.contextvars.bind_contextvars(**{_TRACE: f"projects/{project}/traces/{found[1]}"})
    else:
        structlog.contextvars.unbind_contextvars(_TRACE)


def cloud_fields(logger: Any, name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the entry's fields under Cloud Logging's names, and the trace that is bound."""
    structlog.contextvars.merge_contextvars(logger, name, entry)
    renamed = {_NAMES.get(field, field): value for field, value in entry.items()}
    return renamed | {"severity": str(renamed.get("severity", "default")).upper()}
