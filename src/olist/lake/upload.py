"""One object created in a bucket, on the condition that there is none under its name.

The whole object goes in a single request, however large: the condition is then checked where the object is made. (The client library
turns to resumable uploads above 8 MiB, whose condition is another request's.) A request that got no answer may have been carried out, so
the next attempt may meet its own object; each upload therefore signs its object, and knows it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import requests
from google.api_core import exceptions as api
from google.auth.transport.requests import AuthorizedSession
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

__all__ = ["Taken", "create"]

_ATTEMPTS = 5
WAIT = wait_random_exponential(multiplier=0.5, max=20)
_SECONDS = (10, 300)  # to connect, or to send a piece; and for the answer
_PIECE = 256 << 10
_PASSING = (
    api.ServerError,
    api.TooManyRequests,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


class Taken(Exception):
    """There is another object under this name."""


def create(session: AuthorizedSession, endpoint: str, bucket: str, name: str, content: bytes, crc32c: str) -> int:
    """Create the object and return its generation. GCS refuses it when its bytes do not have this CRC32C.

    Raises Taken when the name is taken, google.api_core's and requests' errors when it cannot be written.
    """
    writer = uuid4().hex
    described = {"name": name, "crc32c": crc32c, "metadata": {"writer": writer}}
    attempts = Retrying(
        retry=retry_if_exception_type(_PASSING),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=WAIT,
        reraise=True,
    )
    objects = f"{endpoint}/upload/storage/v1/b/{bucket}/o"
    try:
        made = attempts(_post, session, objects, described, content)
    except api.PreconditionFailed as error:
        made = attempts(_get, session, f"{endpoint}/storage/v1/b/{bucket}/o/{quote(name, safe='')}")
        if made.get("metadata", {}).get("writer") != writer:
            raise Taken(name) from error
    if made["crc32c"] != crc32c:
        raise api.DataLoss(f"GCS has CRC32C {made['crc32c']} of what was sent with {crc32c}")  # type: ignore[no-untyped-call]
    return int(made["generation"])


class _Pieces:
    """A body to be sent piece by piece, as often as is asked: with new credentials the session sends it again."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def __iter__(self) -> Iterator[bytes]:
        return (part[at : at + _PIECE] for part in self._parts for at in range(0, len(part), _PIECE))


def _post(session: AuthorizedSession, url: str, described: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """One attempt. A limit of time is each piece's, so that a slow line needs longer and does not fail."""
    boundary = uuid4().hex
    head = f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(described)}\r\n"
    begin = f"{head}--{boundary}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
    return _answer(
        session.post(
            url,
            params={"uploadType": "multipart", "ifGenerationMatch": "0"},
            data=_Pieces(begin, content, f"\r\n--{boundary}--".encode()),
            headers={"Content-Type": f"multipart/related; boundary={boundary}"},
            timeout=_SECONDS,
        )
    )


def _get(session: AuthorizedSession, url: str) -> dict[str, Any]:
    return _answer(session.get(url, timeout=_SECONDS))


def _answer(response: requests.Response) -> dict[str, Any]:
    if not response.ok:
        raise api.from_http_response(response)  # type: ignore[no-untyped-call]
    answer: dict[str, Any] = response.json()
    return answer
