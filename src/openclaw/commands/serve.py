"""`openclaw serve`: the agent over HTTP, with its pages."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from openclaw.terminal import errors, open_settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds `serve` to the command."""
    app.command(epilog="Example: `OPENCLAW_API_TOKEN=… openclaw serve`")(serve)


def serve(
    host: Annotated[str, typer.Option(help="Address to bind; 0.0.0.0 in a container.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default: PORT, else 8080.")] = None,
) -> None:
    """Serves the pages, POST /poll, POST /events, /health and /metrics until it is told to end."""
    with errors():
        from openclaw.assembly import build_agent
        from openclaw.server import serve as listen  # loads what serves
        from openclaw.service import build_app

        settings = open_settings()
        agent = build_agent(settings, typer.echo)
        app = build_app(agent, settings)
        chosen = port if port is not None else _port(os.environ.get("PORT") or "8080")
        typer.echo(f"openclaw listens on http://{host}:{chosen}", err=True)
        listen(app, agent, host, chosen)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ValueError(f"PORT: a number from 0 to 65535 was expected, found {text[:20]!r}")
    return int(text)
