"""The lake in a Google Cloud Storage bucket, with the same promises as in a folder.

An object is created in one request on the condition that there is none, so it is there whole or not at all, and once. What is read is
downloaded once into a cache on this machine: DuckDB and Arrow then read local files, as they do from a folder. All that comes and goes
is held against the CRC32C that GCS computed of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Blob, Client
from google.cloud.storage.exceptions import DataCorruption

from olist.errors import CloudUnavailable
from olist.google import credentials, explained
from olist.lake.cache import ObjectCache, crc32c_of
from olist.lake.store import exists, missing
from olist.lake.upload import Taken, create

__all__ = ["GcsStore"]

EMULATOR = "STORAGE_EMULATOR_HOST"


class GcsStore:
    """A store in a bucket, below a prefix. `cache` is a folder of this machine that may be deleted at any time.

    Everything raises LakeError as in a folder, CloudRefused and CloudUnavailable.
    """

    def __init__(self, bucket: str, prefix: str, cache: Path) -> None:
        self.bucket, self.prefix = bucket, f"{prefix}/" if prefix else ""
        self._cache = ObjectCache(cache / bucket)
        self._listed: dict[str, Blob] = {}

    @property
    def url(self) -> str:
        return f"gs://{self.bucket}/{self.prefix}".rstrip("/")

    @cached_property
    def client(self) -> Client:
        """The client, with the credentials of the environment."""
        owner, project = credentials(EMULATOR)
        return Client(project=project or "none", credentials=owner)

    @cached_property
    def _session(self) -> AuthorizedSession:
        return AuthorizedSession(credentials(EMULATOR)[0])  # type: ignore[no-untyped-call]

    def put(self, key: str, source: Path) -> None:
        content, name = source.read_bytes(), self.prefix + key
        with self._explained(key):
            try:
                endpoint = self.client.api_endpoint
                generation = create(self._session, endpoint, self.bucket, name, content, crc32c_of(content))
            except Taken as taken:
                raise exists(f"{self.url}/{key}") from taken
        with suppress(OSError):  # a cache that cannot be filled costs a download
            self._cache.keep(name, generation, lambda path: shutil.copyfile(source, path))

    def read(self, key: str) -> bytes:
        # What was listed is read as listed: objects never change, and a warm cache then needs no request for each manifest.
        return self._fetched(key, self._listed.get(key) or self._blob(key)).read_bytes()

    def keys(self, prefix: str) -> list[str]:
        below = self.prefix + (f"{prefix}/" if prefix else "")
        with self._explained(prefix):
            blobs = list(self.client.list_blobs(self.bucket, prefix=below))
        found = {blob.name.removeprefix(self.prefix): blob for blob in blobs}
        self._listed |= found
        return sorted(found)

    def local(self, key: str) -> Path:
        return self._fetched(key, self._blob(key))

    def _blob(self, key: str) -> Blob:
        with self._explained(key):
            blob = self.client.bucket(self.bucket).get_blob(self.prefix + key)
        if blob is None:
            raise missing(f"{self.url}/{key}")
        return blob

    def _fetched(self, key: str, blob: Blob) -> Path:
        def download(path: Path) -> None:
            blob.download_to_filename(str(path), if_generation_match=blob.generation, checksum="crc32c")

        known = self._cache.find(blob.name, blob.generation, blob.crc32c)
        if known is not None:
            return known
        with self._explained(key):
            return self._cache.keep(blob.name, blob.generation, download)

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        grant = (
            f"gcloud storage buckets add-iam-policy-binding gs://{self.bucket} "
            "--member=serviceAccount:ACCOUNT --role=roles/storage.objectUser"
        )
        resource = f"{self.url}/{key}".rstrip("/")
        with explained(resource, grant):
            try:
                yield
            except DataCorruption as error:
                raise CloudUnavailable(
                    "what came from Google Cloud is not what it has",
                    resource=resource,
                    expected="the CRC32C that it computed",
                    found=str(error).strip().splitlines()[0],
                    remedy="run again; nothing of it was kept",
                ) from error
