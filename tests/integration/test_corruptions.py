"""A damaged delivery stops at the right layer, says what is wrong, where and with which rows, and leaves what was published alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Platform
from corruptions import CORRUPTIONS, Corruption
from databases import owned_platform
from deliveries import deliver, silver_state, succeed
from olist import pipeline
from olist.contracts import Contract
from olist.lake.batches import Verdict
from olist.lake.open import open_lake
from olist.source.synthetic import generate
from olist.warehouse import embedded

FIRST = [c for c in CORRUPTIONS if not c.late]


@pytest.fixture(scope="module")
def sound(contracts: dict[str, Contract], session_folder: Path) -> Path:
    """A delivery as it should be."""
    folder = session_folder / "sound"
    generate(contracts, folder, scale=0.02, seed=3)
    return folder


@pytest.fixture
def damaged(sound: Path, folder: Path) -> Path:
    return Path(shutil.copytree(sound, folder / "damaged"))


@pytest.fixture(scope="module")
def published(server: embedded.Server, sound: Path) -> Iterator[Platform]:
    """A platform that has published the sound delivery. What is refused leaves it as it is."""
    with owned_platform(server) as platform:
        deliver(platform.settings(sound))
        yield platform


@pytest.fixture(scope="module")
def blank(server: embedded.Server) -> Iterator[Platform]:
    """A platform that has published nothing. What is refused leaves it as it is."""
    with owned_platform(server) as platform:
        yield platform


def stopped(platform: Platform, folder: Path) -> tuple[str, str]:
    """(the layer that stopped the delivery, its error)."""
    report = pipeline.ingest(platform.settings(folder))
    layer = "bronze"
    if report.error is None:
        report, layer = pipeline.silver(platform.settings()), "silver"
    assert report.error is not None, "the delivery was published"
    assert report.status == "failed"
    return layer, str(report.error)


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda c: c.name)
def test_a_damaged_delivery_is_stopped_and_what_was_published_stands(
    published: Platform, damaged: Path, corruption: Corruption
) -> None:
    before = silver_state(published)
    corruption.damage(damaged)
    layer, error = stopped(published, damaged)
    assert (layer, [part for part in corruption.said if part not in error]) == (corruption.layer, []), error
    assert silver_state(published) == before
    succeed(pipeline.silver(published.settings()), "no_op")


@pytest.mark.slow
@pytest.mark.parametrize("corruption", FIRST, ids=lambda c: c.name)
def test_a_damaged_first_delivery_is_stopped(blank: Platform, damaged: Path, corruption: Corruption) -> None:
    corruption.damage(damaged)
    layer, error = stopped(blank, damaged)
    assert (layer, [part for part in corruption.said if part not in error]) == (corruption.layer, []), error
    assert blank.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'silver'") == [(0,)]
    lake = open_lake(blank.settings())
    assert Verdict.ACCEPTED not in lake.verdicts("orders").values()
