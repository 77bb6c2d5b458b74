"""The web dashboards over a warehouse, served on a free port for as long as a block lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from olist.dashboards.spec import load_spec
from olist.dashboards.web.app import application
from olist.dashboards.web.server import listen

__all__ = ["dashboards"]


@contextmanager
def dashboards(url: str) -> Iterator[str]:
    """The address of the first page, without a slash at its end."""
    with listen("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(application(url, load_spec()), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
