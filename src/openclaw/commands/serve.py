"""`openclaw serve`: the agent over HTTP, with its pages."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from openclaw.terminal import errors, open_settings

__all__ = ["register"]

# Cloud Run kills ten seconds after it asked. A pass takes less than one; what is cut off is completed by the next one.
_GRACE_SECONDS = 6


def register(app: typer.Typer) -> None:
    """Adds `serve` to the command."""
    app.command(epilog="Example: `OPENCLAW_API_TOKEN=… openclaw serve`")(serve)


def serve(
    host: Annotated[str, typer.Option(help="Address to bind; 0.0.0.0 in a container.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default: PORT, else 8080.")] = None,
) -> None:
    """Serves the pages, POST /poll, POST /events, /healthz and /metrics until it is told to end."""
    with errors():
        import uvicorn

        from openclaw.assembly import build_agent
        from openclaw.service import build_app

        settings = open_settings()
        agent = build_agent(settings, typer.echo)
        chosen = port if port is not None else _port(os.environ.get("PORT") or "8080")
        config = uvicorn.Config(
            build_app(agent, settings), host=host, port=chosen, log_config=None, access_log=False,
            timeout_graceful_shutdown=_GRACE_SECONDS, server_header=False,
        )  # fmt: skip
        signal.signal(signal.SIGTERM, _end_well)  # which uvicorn raises once more when it has shut down
        typer.echo(f"openclaw listens on http://{host}:{chosen}", err=True)
        uvicorn.Server(config).run()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ValueError(f"PORT: a number from 0 to 65535 was expected, found {text[:20]!r}")
    return int(text)


def _end_well(number: int, frame: FrameType | None) -> None:
    """End now, though a pass may still hang in a thread that an exit would wait for: it is one that the next pass completes."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
