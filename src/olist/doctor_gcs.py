"""What a bucket says of this account, for `olist doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from google.auth.transport.requests import AuthorizedSession

from olist.google import credentials, explained, member
from olist.lake.gcs import EMULATOR, GcsStore
from olist.lake.store import Store

__all__ = ["bucket_answer"]


def bucket_answer(store: Store, permissions: Sequence[str]) -> tuple[set[str] | None, str | None, str]:
    """(which of the permissions this account has, None where the server does not tell; the server's date; the account for a grant)."""
    bucket = cast("GcsStore", store)
    owner, _ = credentials(EMULATOR)
    url = f"{bucket.client.api_endpoint}/storage/v1/b/{bucket.bucket}/iam/testPermissions"
    with explained(store.url, "see the findings below"):
        session = AuthorizedSession(owner)  # type: ignore[no-untyped-call]
        reply = session.get(url, params=[("permissions", p) for p in permissions], timeout=30)
    allowed = set(reply.json().get("permissions", [])) if reply.ok else None
    return allowed, reply.headers.get("Date"), member(owner)
