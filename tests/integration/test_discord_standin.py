"""Sending to Discord, against a server that behaves as Discord does on its bad days."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest

from openclaw.discord import DiscordError, DiscordRefused, DiscordUnavailable, Sent, send
from standins import Reply, StandIn, discord

OPEN = {"content": "", "embeds": [{"title": "open"}], "allowed_mentions": {"parse": []}}
RESOLVED = {"content": "", "embeds": [{"title": "resolved"}], "allowed_mentions": {"parse": []}}
SECRET = "a-secret-of-the-webhook"
LIMITED = Reply(429, {"message": "You are being rate limited.", "retry_after": 0.05, "global": False})


@pytest.fixture
def service() -> Iterator[StandIn]:
    with discord() as standin:
        yield standin


def test_a_change_is_shown_in_the_message_that_is_there(service: StandIn) -> None:
    first = send(service.url, OPEN)
    second = send(service.url, RESOLVED, first.message_id)
    assert second == first
    assert service.messages == {first.message_id: RESOLVED}


def test_a_webhook_of_a_thread_keeps_its_thread(service: StandIn) -> None:
    url = service.url + "?thread_id=77"
    send(url, RESOLVED, send(url, OPEN).message_id)
    assert all("thread_id=77" in asked.path for asked in service.asked)
    assert len(service.messages) == 1


def test_a_deleted_message_is_posted_anew_and_said_to_be(service: StandIn) -> None:
    first = send(service.url, OPEN)
    service.messages.clear()
    again = send(service.url, RESOLVED, first.message_id)
    assert again.replaced
    assert again.message_id != first.message_id
    assert service.messages == {again.message_id: RESOLVED}


@pytest.mark.parametrize(
    "trouble",
    [
        [LIMITED],
        [LIMITED] * 3,
        [Reply(429, "<html>", {"Retry-After": "0.05"})],
        [Reply(429, {"retry_after": -3})],
        [Reply(500)],
        [Reply(502, "<html>bad gateway</html>"), Reply(503)],
    ],
    ids=["limited", "limited thrice", "limited by a proxy", "limited oddly", "500", "502 and 503"],
)
def test_what_passes_is_waited_for_and_the_message_is_there_once(service: StandIn, trouble: list[Reply]) -> None:
    service.script = list(trouble)
    sent = send(service.url, OPEN)
    assert service.messages == {sent.message_id: OPEN}
    assert len(service.asked) == len(trouble) + 1
    service.script = list(trouble)
    assert send(service.url, RESOLVED, sent.message_id) == Sent(sent.message_id)


def test_discord_that_asks_for_more_patience_than_there_is_gets_the_message_at_the_next_pass(service: StandIn) -> None:
    service.script = [Reply(429, {"retry_after": 300})]
    with pytest.raises(DiscordUnavailable) as caught:
        send(service.url, OPEN, timeout=2)
    assert caught.value.transient
    assert caught.value.retry_after == 300
    assert len(service.asked) == 1


def test_a_post_that_may_have_arrived_is_not_repeated_at_once(service: StandIn) -> None:
    service.script = [Reply(after=30)]
    with pytest.raises(DiscordUnavailable, match="did not answer"):
        send(service.url, OPEN, timeout=0.3)
    assert len(service.asked) == 1


def test_discord_that_keeps_failing_is_given_up_in_time(service: StandIn) -> None:
    service.script = [Reply(500)] * 100
    with pytest.raises(DiscordUnavailable, match="fails"):
        send(service.url, OPEN, timeout=0.6)
    assert 1 < len(service.asked) < 100


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(400, {"message": "Invalid Form Body"}), "400: Invalid Form Body"),
        (Reply(401, {"message": "Invalid Webhook Token"}), "401: Invalid Webhook Token"),
        (Reply(404, {"message": "Unknown Webhook"}), "no such webhook"),
        (Reply(200, "garbage"), "200"),
        (Reply(200, ["odd"]), "200"),
        (Reply(204, ""), "204"),
        (Reply(302, "", {"Location": "http://127.0.0.1:9/"}), "302"),
    ],
)
def test_a_refusal_is_final_and_says_what_discord_said(service: StandIn, reply: Reply, words: str) -> None:
    service.script = [reply]
    with pytest.raises(DiscordRefused, match=words) as caught:
        send(service.url, OPEN)
    assert not caught.value.transient
    assert len(service.asked) == 1


def test_a_recorded_id_that_is_none_is_never_part_of_an_address(service: StandIn) -> None:
    with pytest.raises(DiscordRefused, match="not a number"):
        send(service.url, OPEN, "../../x")
    assert service.asked == []


def nobody() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/api/webhooks/1/{SECRET}"


def test_the_address_of_the_webhook_is_in_no_error_and_no_log_line(
    service: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    send(service.url, OPEN)
    service.script = [Reply(400, {"message": f"bad: {service.url}"})]
    for url in (service.url, nobody(), f"http://[{SECRET}", f"{SECRET}"):
        with pytest.raises(DiscordError) as caught:
            send(url, OPEN, timeout=0.4)
        chain, error = [], caught.value
        while error is not None and error not in chain:
            chain.append(error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)  # type: ignore[assignment]
        assert all(SECRET not in f"{e} {e!r}" for e in chain), chain
    assert SECRET not in caplog.text
