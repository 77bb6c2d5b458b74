"""The server under the agent's service: told to end, it has the pass at work end before its next step, and is gone within ten seconds."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI

from openclaw.agent import Agent

__all__ = ["serve"]

# Cloud Run kills ten seconds after it asked. What hangs in one call for longer than this is cut off, and completed by the next pass.
_GRACE_SECONDS = 6


def serve(app: FastAPI, agent: Agent, host: str, port: int) -> None:
    """Serve the app of an agent until a signal says otherwise."""
    config = uvicorn.Config(
        app, host=host, port=port, log_config=None, access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS, server_header=False,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, _end_well)  # which uvicorn raises once more when it has shut down
    _Server(config, agent).run()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, agent: Agent) -> None:
        super().__init__(config)
        self._agent = agent

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """As ever, but the pass at work hears of it first, and gives back its lease."""
        self._agent.ending = True
        super().handle_exit(sig, frame)


def _end_well(number: int, frame: FrameType | None) -> None:
    """End now, though a pass may still hang in a thread that an exit would wait for: it is one that the next pass completes."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
