"""`olist doctor` on a bucket: it is there or not, and what this account may do."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials

from olist import doctor_gcs
from olist.doctor import examine
from olist.errors import CloudRefused
from olist.lake.gcs import EMULATOR, GcsStore
from olist.settings import load_settings


def test_a_bucket_that_is_there_is_found(bucket: str, tmp_path: Path) -> None:
    findings = [f for f in examine(load_settings(home=tmp_path, lake=f"gs://{bucket}/prefix")) if f.part == "lake"]
    assert [(f.check, f.status) for f in findings] == [
        ("can be listed", "ok"),
        ("permissions", "unknown"),  # the stand-in does not know permissions
        ("clock", "ok"),
    ]


def test_a_bucket_that_is_not_there_fails(gcs: str, tmp_path: Path) -> None:
    (finding,) = [f for f in examine(load_settings(home=tmp_path, lake="gs://no-such-bucket")) if f.part == "lake"]
    assert finding.status == "failed"
    assert "gs://no-such-bucket" in finding.check


def test_a_bucket_that_does_not_tell_is_unknown_on_a_stand_in_only(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = GcsStore(bucket, "", tmp_path)
    assert store.client  # before the stand-in's address is forgotten
    monkeypatch.setattr(doctor_gcs, "credentials", lambda _: (AnonymousCredentials(), None))  # type: ignore[no-untyped-call]
    monkeypatch.delenv(EMULATOR)
    with pytest.raises(CloudRefused, match=bucket):
        doctor_gcs.bucket_answer(store, ["storage.objects.get"])
