"""The record by itself: what looking at it leaves alone, and what becomes of writings that it cannot take."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from opstore.store import Event, Opstore, OpstoreUnavailable


@pytest.fixture
def store(tmp_path: Path) -> Opstore:
    return Opstore(tmp_path / "record" / "opstore.sqlite")


def test_a_probe_makes_no_record(store: Opstore) -> None:
    assert not store.probe()
    assert not store.path.parent.exists()


def test_a_probe_sends_nothing_and_migrates_nothing(store: Opstore) -> None:
    store.spool.add({"ops_events": []})
    sqlite3.connect(store.path).close()
    assert not store.probe()
    assert store.path.stat().st_size == 0, "an empty file is no record yet"
    store.query("SELECT 1 FROM ops_runs")
    waiting = store.spool.add({"ops_events": []})
    before = set(store.path.parent.iterdir())
    assert store.probe()
    assert store.spool.waiting() == [waiting]
    assert set(store.path.parent.iterdir()) == before


def test_a_probe_raises_for_what_is_no_record(store: Opstore) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(b"nothing of ours" * 100)
    with pytest.raises(OpstoreUnavailable):
        store.probe()
