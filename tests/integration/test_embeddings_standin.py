"""Runbooks found with Gemini's embeddings: mixed in when it answers, done without when it does not, redacted and kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from openclaw.gemini import Breaker
from openclaw.runbooks import Runbooks
from openclaw.runbooks.meaning import Embedder, meaning
from openclaw.settings import Settings
from secret_shapes import SHAPES
from standins import Asked, Reply, StandIn, gemini

ROOT = Path(__file__).parents[2]
QUERY = "deadlock detected"


def embedded(asked: Asked, *, dimensions: int = 768) -> Reply:
    """Vectors by which every text is far from the query but the one on disks."""
    texts = [request["content"]["parts"][0]["text"] for request in asked.body["requests"]]
    vectors = [[1.0, float("disk is full" in text or text == QUERY), *[0.0] * (dimensions - 2)] for text in texts]
    return Reply(200, {"embeddings": [{"values": vector} for vector in vectors]})


@pytest.fixture
def service() -> Iterator[StandIn]:
    with gemini() as standin:
        standin.answer = embedded
        yield standin


@pytest.fixture(scope="module", autouse=True)
def _client_is_imported() -> None:
    """It takes seconds, which are none of the service's."""
    import google.genai  # noqa: F401


def runbooks(service: StandIn, cache: Path, breaker: Breaker | None = None, **changes: Any) -> Runbooks:
    values: dict[str, Any] = {"gemini_api_key": SecretStr("a-key"), "gemini_base_url": service.url, "cache": cache}
    settings = Settings(**(values | {"gemini_timeout": 100.0} | changes))
    return Runbooks.load(ROOT / "runbooks", meaning=meaning(settings, breaker or Breaker()))


def first(found: Runbooks, query: str = QUERY) -> list[str]:
    return list(dict.fromkeys(section.runbook_id for section in found.search(query)))


def test_meaning_is_mixed_in_and_runbooks_are_embedded_once(service: StandIn, tmp_path: Path) -> None:
    found = runbooks(service, tmp_path)
    assert first(found)[:2] == ["concurrency", "disk-full"]
    assert "disk-full" not in first(Runbooks.load(ROOT / "runbooks"))
    assert [asked.path for asked in service.asked] == ["/v1beta/models/gemini-embedding-2:batchEmbedContents"]
    assert len(service.asked[0].body["requests"]) == len(found.runbooks) + 1
    first(runbooks(service, tmp_path), "another text")
    assert [len(asked.body["requests"]) for asked in service.asked[1:]] == [1], "the runbooks are kept on disk"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, {"error": {"code": 500, "status": "INTERNAL"}}),
        Reply(429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}),
        Reply(200, "garbage"),
        Reply(200, {"embeddings": []}),
        Reply(200, {"embeddings": [{"values": [1.0]}] * 60}),
    ],
    ids=["500", "429", "garbage", "none", "wrong shape"],
)
def test_whatever_goes_wrong_words_are_enough(service: StandIn, tmp_path: Path, reply: Reply) -> None:
    service.script.append(reply)
    assert first(runbooks(service, tmp_path)) == first(Runbooks.load(ROOT / "runbooks"))
    assert not list(tmp_path.rglob("*.json"))


def test_a_slow_answer_is_not_waited_for(service: StandIn, tmp_path: Path) -> None:
    service.script.append(Reply(after=30))
    assert first(runbooks(service, tmp_path, gemini_timeout=0.5)) == first(Runbooks.load(ROOT / "runbooks"))


def test_a_cache_that_cannot_be_written_or_read_costs_only_calls(service: StandIn, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert first(runbooks(service, tmp_path / "file"))[1] == "disk-full"
    first(runbooks(service, tmp_path))
    for kept in tmp_path.rglob("*.json"):
        kept.write_text("{", encoding="utf-8")
    assert first(runbooks(service, tmp_path))[1] == "disk-full"


def test_gemini_is_asked_within_the_budget_and_not_while_it_fails(service: StandIn, tmp_path: Path) -> None:
    found = runbooks(service, tmp_path, advice_budget_per_hour=2)
    for text in ("one", "two", "three"):
        first(found, text)
    assert len(service.asked) == 2
    assert isinstance(found.meaning, Embedder)
    found.meaning.clock = lambda: 1e12
    first(found, "four")
    assert len(service.asked) == 3, "an hour later"
    assert runbooks(service, tmp_path, advice_budget_per_hour=0).meaning is None
    breaker = Breaker(failures=1)
    breaker.record(outage=True)
    before = len(service.asked)
    first(runbooks(service, tmp_path, breaker), "five")
    assert len(service.asked) == before


@pytest.mark.parametrize(("text", "secret"), list(SHAPES.values())[::7], ids=list(SHAPES)[::7])
def test_no_secret_leaves_with_a_query(service: StandIn, tmp_path: Path, text: str, secret: str) -> None:
    first(runbooks(service, tmp_path), text)
    assert secret not in json.dumps(service.asked[-1].body, ensure_ascii=False).replace("\\\\", "\\").replace(
        "\\n", "\n"
    )
