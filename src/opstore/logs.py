"""Log entries in the form that Cloud Logging reads from a container's standard error: one JSON object a line, its special fields named.

https://cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

__all__ = ["bind_trace", "cloud_fields", "on_cloud_run"]

_TRACE = "logging.googleapis.com/trace"
# W3C's traceparent (00-<trace>-<span>-<flags>) and Google's own X-Cloud-Trace-Context (<trace>/<span>;o=<flags>).
_TRACE_ID = re.compile(r"(?:00-)?([0-9a-f]{32})\b")


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
    """A structlog processor: `level`, `event` and `timestamp` under Cloud Logging's names, and the trace that is bound."""
    structlog.contextvars.merge_contextvars(logger, name, entry)
    for ours, theirs in (("level", "severity"), ("event", "message"), ("timestamp", "time")):
        if ours in entry:
            entry[theirs] = entry.pop(ours)
    entry["severity"] = str(entry.get("severity", "default")).upper()
    return entry
