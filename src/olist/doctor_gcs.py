"""What a bucket says of this account, for `olist doctor`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import cast

from google.api_core import exceptions as api
from google.auth.transport.requests import AuthorizedSession

from olist.google import credentials, explained, member
from olist.lake.gcs import EMULATOR, GcsStore
from olist.lake.store import Store

__all__ = ["bucket_answer", "bucket_location"]


def bucket_answer(store: Store, permissions: Sequence[str]) -> tuple[set[str] | None, str | None, str]:
    """(which of the permissions this account has, None where a stand-in does not tell; the server's date; the account for a grant).

    Raises CloudRefused, CloudUnavailable.
    """
    bucket = cast("GcsStore", store)
    owner, _ = credentials(EMULATOR)
    url = f"{bucket.client.api_endpoint}/storage/v1/b/{bucket.bucket}/iam/testPermissions"
    with explained(store.url, "see the findings below"):
        session = AuthorizedSession(owner)  # type: ignore[no-untyped-call]
        reply = session.get(url, params=[("permissions", p) for p in permissions], timeout=30)
        if not reply.ok and not os.environ.get(EMULATOR):
            raise api.from_http_response(reply)  # type: ignore[no-untyped-call]
    allowed = set(reply.json().get("permissions", [])) if reply.ok else None
    return allowed, reply.headers.get("Date"), member(owner)


def bucket_location(store: Store) -> str | None:
    """Where the bucket is, None where this account cannot see it. Raises CloudRefused, CloudUnavailable."""
    bucket = cast("GcsStore", store)
    with explained(store.url, "see the findings above"):
        try:
            return str(bucket.client.get_bucket(bucket.bucket).location).upper()
        except (
            api.Forbidden,
            api.NotFound,
        ):  # nothing else needs storage.buckets.get; the lake's findings tell the rest
            return None
