"""The agent's web pages, served for as long as a test looks at them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from openclaw.settings import Settings
from openclaw.web import router
from opstore.store import Opstore, utc_now

__all__ = ["app_of", "serving"]


def app_of(store: Opstore, settings: Settings, now: Callable[[], str] = utc_now) -> FastAPI:
    """A service of nothing but the pages."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(store, settings, now))
    return app


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The app at an address of this machine."""
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, *args: object, **kwargs: object) -> None:
            await super().startup(*args, **kwargs)  # type: ignore[arg-type]
            started.set()

    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    if not started.wait(60):
        raise TimeoutError("the pages were not served within a minute")
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
