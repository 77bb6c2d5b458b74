"""Tells Airflow that gold has changed: an event of its asset `gold`, over its REST API. What waits for gold begins then."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from olist.errors import OlistError

__all__ = ["NotAnnounced", "announce", "reach"]

_ASSET = "gold"
_PATIENCE = 30.0


class NotAnnounced(OlistError):
    """Airflow was not told; gold itself is published. Announcing it again later may succeed."""

    transient = True


def announce(url: str, run_id: str) -> None:
    """Post the event. `url` is Airflow's, with user and password. Raises NotAnnounced."""
    base, user = _parts(url)
    with _explained(base):
        token, asset = _asset(base, user)
        _call(f"{base}/api/v2/assets/events", {"asset_id": asset, "extra": {"run_id": run_id}}, token)


def reach(url: str) -> str:
    """Airflow's address, after a login that found the asset there; nothing is announced. Raises NotAnnounced."""
    base, user = _parts(url)
    with _explained(base):
        _asset(base, user)
    return base


def _parts(url: str) -> tuple[str, dict[str, str]]:
    """Airflow's address without the user, and the user."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    base = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
    user = {
        "username": urllib.parse.unquote(parts.username or ""),
        "password": urllib.parse.unquote(parts.password or ""),
    }
    return base, user


def _asset(base: str, user: dict[str, str]) -> tuple[str, int]:
    """A token, and the number of the asset."""
    token = _call(f"{base}/auth/token", user, None)["access_token"]
    assets = _call(f"{base}/api/v2/assets?name_pattern={_ASSET}", None, token)["assets"]
    return token, next(a["id"] for a in assets if a["name"] == _ASSET)


@contextmanager
def _explained(base: str) -> Iterator[None]:
    try:
        yield
    except (urllib.error.URLError, OSError, ValueError, KeyError, StopIteration) as error:
        raise NotAnnounced(
            "Airflow was not told that gold has changed",
            resource=base,
            expected=f"its REST API, a user that may create asset events, and the asset {_ASSET}",
            found=str(error) or f"no asset {_ASSET}",
            remedy="correct OLIST_AIRFLOW or look after Airflow, then `olist gold announce`; gold is published",
        ) from error


def _call(url: str, body: dict[str, Any] | None, token: str | None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - the setting allows http and https
    with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
        document: dict[str, Any] = json.load(answer)
    return document
