"""Serving the dashboards on this machine: one process, the warehouse's status kept fresh beside the pages."""

from __future__ import annotations

import socket
import threading

import structlog
import uvicorn

from olist.dashboards.spec import load_spec
from olist.dashboards.status import refresh_status
from olist.dashboards.web.app import application
from olist.errors import OlistError
from olist.settings import Settings
from olist.warehouse.connect import warehouse_url
from opstore.store import OpstoreUnavailable

__all__ = ["listen", "serve"]

REFRESH_SECONDS = 600
log = structlog.get_logger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. OSError where it is taken or not this machine's."""
    return socket.create_server((host, port))


def serve(settings: Settings, listening: socket.socket) -> None:
    """Serve until interrupted. Raises WarehouseUnavailable when there is no warehouse to start with."""
    app = application(warehouse_url(settings), load_spec())
    ended = threading.Event()
    threading.Thread(target=_refresh, args=(settings, ended), daemon=True).start()
    try:
        uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False)).run(sockets=[listening])
    finally:
        ended.set()


def _refresh(settings: Settings, ended: threading.Event) -> None:
    """Write the platform's status now and every ten minutes. Where it cannot be written, pages say how old it is."""
    while True:
        try:
            refresh_status(settings)
        except (OlistError, OpstoreUnavailable, OSError) as error:
            log.warning("dashboard.status_not_refreshed", error=str(error))
        if ended.wait(REFRESH_SECONDS):
            return
