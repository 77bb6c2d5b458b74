"""Stand-ins for the services that the agent talks to, on the loopback: what they were asked is kept, what they answer is set.

`discord()` keeps messages as Discord does; `gemini()` answers `generateContent`; `metadata()` gives ID tokens as Google's metadata server
does. Replies put in `script` come first, one a request.
"""

from __future__ import annotations

import base64
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Asked", "Reply", "StandIn", "discord", "gemini", "metadata", "said"]


@dataclass(frozen=True)
class Asked:
    """One request. `path` has the query."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """One answer; `body` is sent as JSON unless it is text. `after` is in seconds."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0


@dataclass
class StandIn:
    """A running server: its address, what it was asked, and the replies that come before its own."""

    url: str
    answer: Callable[[Asked], Reply]
    asked: list[Asked] = field(default_factory=list)
    script: list[Reply] = field(default_factory=list)
    messages: dict[str, Any] = field(default_factory=dict)

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self.script.pop(0) if self.script else self.answer(asked)


@contextmanager
def discord() -> Iterator[StandIn]:
    """A webhook at `url`; `messages` holds what a reader would see."""
    ids = itertools.count(1_100_000_000_000_000_001)
    messages: dict[str, Any] = {}

    def answer(asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply(200, {"id": "123456", "type": 1, "channel_id": "42"})
        message_id = asked.path.partition("?")[0].rpartition("/messages/")[2] if "/messages/" in asked.path else None
        if message_id is not None and message_id not in messages:
            return Reply(404, {"message": "Unknown Message", "code": 10008})
        message_id = message_id or str(next(ids))
        messages[message_id] = asked.body
        return (
            Reply(200, {"id": message_id, **asked.body})
            if "wait=true" in asked.path or asked.method == "PATCH"
            else Reply(204)
        )

    with _serving(answer) as standin:
        standin.messages = messages
        standin.url += "/api/webhooks/123456/a-secret-of-the-webhook"
        yield standin


@contextmanager
def gemini(text: str = "{}") -> Iterator[StandIn]:
    """An address for `gemini_base_url`, whose model says `text`."""
    with _serving(lambda asked: said(text)) as standin:
        yield standin


def said(text: str, finish: str = "STOP", after: float = 0.0) -> Reply:
    """What the Gemini API sends when the model says `text`."""
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish, "index": 0}
    return Reply(200, {"candidates": [candidate], "usageMetadata": {"totalTokenCount": 10}}, after=after)


@contextmanager
def metadata() -> Iterator[StandIn]:
    """An address for GCE_METADATA_HOST and GCE_METADATA_IP, without its scheme; every token is valid for an hour and signed by nobody."""
    google = {"Metadata-Flavor": "Google", "Content-Type": "text/html"}

    def answer(asked: Asked) -> Reply:
        if "/identity?" not in asked.path:
            account = {"email": "pipeline@demo.iam.gserviceaccount.com"}
            return Reply(200, account, google | {"Content-Type": "application/json"})
        known = {"aud": parse_qs(urlsplit(asked.path).query)["audience"][0], "exp": int(time.time()) + 3600}
        parts = [{"alg": "RS256", "typ": "JWT"}, known, "unsigned"]
        return Reply(
            200, ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts), google
        )

    with _serving(answer) as standin:
        standin.url = standin.url.removeprefix("http://")
        yield standin


@contextmanager
def _serving(answer: Callable[[Asked], Reply]) -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, dict(self.headers), json.loads(content) if content else None)
            self._send(standin.reply(asked))

        def _send(self, reply: Reply) -> None:
            if closing.wait(reply.after):
                return
            body = (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()
            try:
                self.send_response(reply.status)
                for name, value in {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(body)),
                    **reply.headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # the client has given up: that is what some tests are about

        do_POST = do_PATCH = do_GET = _handle  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    closing = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    standin = StandIn(f"http://127.0.0.1:{server.server_address[1]}", answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
