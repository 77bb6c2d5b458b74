"""A bucket keeps the promises of the lake: created once, whole or not at all, and read as written."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
import requests

from olist.errors import CloudRefused, CloudUnavailable, LakeError
from olist.lake import upload
from olist.lake.gcs import GcsStore
from olist.lake.store import ObjectExists

LARGE = 9 << 20  # above the size from which Google's client uploads in several requests

RACER = """
import sys
from pathlib import Path
from olist.lake.gcs import GcsStore
from olist.lake.store import ObjectExists
bucket, source, cache = sys.argv[1:]
store = GcsStore(bucket, "lake", Path(cache))
store.keys("")
print("ready", flush=True)
sys.stdin.readline()
try:
    store.put("contested", Path(source))
    print("won")
except ObjectExists:
    print("lost")
"""


@pytest.fixture
def store(bucket: str, tmp_path: Path) -> GcsStore:
    return GcsStore(bucket, "lake", tmp_path / "cache")


def written(folder: Path, content: bytes) -> Path:
    path = folder / "source"
    path.write_bytes(content)
    return path


def elsewhere(store: GcsStore, tmp_path: Path) -> GcsStore:
    """The same store on a machine that has nothing of it yet."""
    return GcsStore(store.bucket, "lake", tmp_path / "other machine")


@pytest.mark.parametrize("size", [0, 5, LARGE])
def test_what_was_put_is_read_on_another_machine(store: GcsStore, tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    store.put("a/b c/ção.json", written(tmp_path, content))
    other = elsewhere(store, tmp_path)
    assert other.keys("a") == ["a/b c/ção.json"]
    assert other.read("a/b c/ção.json") == content
    assert other.local("a/b c/ção.json").read_bytes() == content


@pytest.mark.parametrize("size", [5, LARGE])
def test_an_object_is_never_replaced(store: GcsStore, tmp_path: Path, size: int) -> None:
    store.put("key", written(tmp_path, b"1" * size))
    with pytest.raises(ObjectExists, match="would be overwritten"):
        store.put("key", written(tmp_path, b"2" * size))
    with pytest.raises(ObjectExists):
        store.put("key", written(tmp_path, b"1" * size))
    assert elsewhere(store, tmp_path).read("key") == b"1" * size


@pytest.mark.parametrize("size", [5, LARGE])
def test_of_sixteen_threads_one_creates_the_object(store: GcsStore, tmp_path: Path, size: int) -> None:
    together = threading.Barrier(16)

    def race(number: int) -> bool:
        source = tmp_path / f"racer{number}"
        source.write_bytes(b"%c" % (65 + number) * size)
        own = GcsStore(store.bucket, "lake", tmp_path / f"cache{number}")
        together.wait()
        try:
            own.put("contested", source)
        except ObjectExists:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(race, range(16)))
    assert won.count(True) == 1
    assert elsewhere(store, tmp_path).read("contested") == b"%c" % (65 + won.index(True)) * size


def test_of_several_processes_with_the_same_bytes_one_creates_the_object(store: GcsStore, tmp_path: Path) -> None:
    source = written(tmp_path, b"the same")
    command = [sys.executable, "-c", RACER, store.bucket, str(source)]
    racers = [Popen([*command, str(tmp_path / f"c{i}")], stdin=PIPE, stdout=PIPE, text=True) for i in range(4)]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    answers = [racer.communicate("\n", timeout=120)[0].strip() for racer in racers]
    assert sorted(answers) == ["lost", "lost", "lost", "won"]


def test_keys_lie_below_whole_names(store: GcsStore, bucket: str, tmp_path: Path) -> None:
    for key in ("manifests/orders/1.json", "manifests/order_items/1.json", "verdicts/1"):
        store.put(key, written(tmp_path, b"{}"))
    GcsStore(bucket, "lake2", tmp_path / "cache2").put("manifests/orders/2.json", written(tmp_path, b"{}"))
    assert store.keys("manifests/orders") == ["manifests/orders/1.json"]
    assert store.keys("manifests") == ["manifests/order_items/1.json", "manifests/orders/1.json"]
    assert len(store.keys("")) == 3


def test_what_was_changed_behind_our_back_is_read_as_it_is(store: GcsStore, tmp_path: Path) -> None:
    store.put("key", written(tmp_path, b"as written"))
    store.client.bucket(store.bucket).blob("lake/key").upload_from_string(b"altered")
    assert store.local("key").read_bytes() == b"altered", "the cache does not hide it from `olist lake verify`"


def test_a_cached_file_that_was_damaged_is_fetched_again(store: GcsStore, tmp_path: Path) -> None:
    store.put("key", written(tmp_path, b"as written"))
    cached = store.local("key")
    cached.write_bytes(b"as smitten")
    assert store.local("key").read_bytes() == b"as written"


def test_an_object_that_is_missing_says_so(store: GcsStore) -> None:
    with pytest.raises(LakeError, match="missing"):
        store.local("nowhere")


def test_a_bucket_that_is_missing_says_so(gcs: str, tmp_path: Path) -> None:
    store = GcsStore("no-such-bucket", "", tmp_path)
    with pytest.raises(CloudRefused, match="gs://no-such-bucket"):
        store.keys("")
    with pytest.raises(CloudRefused, match="gs://no-such-bucket"):
        store.put("key", written(tmp_path, b""))


class Proxy(ThreadingHTTPServer):
    """Stands before the server and, for so many uploads, carries them out and loses the answer, or answers 503 unasked.

    It may read slowly (`pause`, seconds a mebibyte), and `spoil` downloads and the checksums that uploads are answered.
    """

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), Relay)
        self.target, self.lose, self.refuse, self.pause, self.spoil = target, 0, 0, 0.0, False


class Relay(BaseHTTPRequestHandler):
    server: Proxy

    def do_POST(self) -> None:
        body = self._read(int(self.headers.get("Content-Length", 0)))
        if self.server.refuse:
            self.server.refuse -= 1
            return self._answer(503, b"{}")
        headers = {k: v for k, v in self.headers.items() if k.lower() in {"content-type", "accept"}}
        reply = requests.request(self.command, self.server.target + self.path, data=body, headers=headers, timeout=60)
        if self.server.lose and self.command == "POST":
            self.server.lose -= 1
            self.close_connection = True
            return None
        answer = self._spoilt(reply.content) if self.server.spoil else reply.content
        return self._answer(reply.status_code, answer, reply.headers.get("X-Goog-Hash"))

    def do_GET(self) -> None:
        self.do_POST()

    def _read(self, size: int) -> bytes:
        pieces = []
        for at in range(0, size, 1 << 20):
            time.sleep(self.server.pause)
            pieces.append(self.rfile.read(min(1 << 20, size - at)))
        return b"".join(pieces)

    def _spoilt(self, answer: bytes) -> bytes:
        if self.command == "POST":
            return json.dumps(json.loads(answer) | {"crc32c": "AAAAAA=="}).encode()
        if "alt=media" in self.path:
            return answer[::-1]
        here = f"http://127.0.0.1:{self.server.server_port}"  # where the object's media are to be had
        return answer.replace(self.server.target.encode(), here.encode())

    def _answer(self, status: int, body: bytes, checksum: str | None = None) -> None:
        self.send_response(status)
        if checksum:
            self.send_header("X-Goog-Hash", checksum)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def proxy(gcs: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setattr(upload, "WAIT", upload.WAIT.__class__(multiplier=0.01, max=0.01))
    with Proxy(gcs) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def behind(proxy: Proxy, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], GcsStore]:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{proxy.server_port}")
    return lambda: GcsStore(bucket, "lake", tmp_path / "cache")


def test_a_write_whose_answer_was_lost_knows_its_own_object(
    proxy: Proxy, behind: Callable[[], GcsStore], tmp_path: Path
) -> None:
    proxy.lose = 1
    behind().put("key", written(tmp_path, b"once"))
    assert behind().read("key") == b"once"


def test_after_a_refusal_the_same_bytes_of_another_writer_are_not_taken_for_ours(
    proxy: Proxy, behind: Callable[[], GcsStore], tmp_path: Path
) -> None:
    behind().put("key", written(tmp_path, b"same"))
    proxy.refuse = 1
    with pytest.raises(ObjectExists):
        behind().put("key", written(tmp_path, b"same"))


def test_a_server_that_stays_out_of_order_is_a_passing_error_and_writes_nothing(
    proxy: Proxy, behind: Callable[[], GcsStore], tmp_path: Path
) -> None:
    proxy.refuse = 1000
    with pytest.raises(CloudUnavailable) as raised:
        behind().put("key", written(tmp_path, b"never"))
    assert raised.value.transient
    proxy.refuse = 0
    assert behind().keys("") == []


def test_a_slow_line_takes_longer_than_a_server_may_stay_silent(
    proxy: Proxy, behind: Callable[[], GcsStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    proxy.pause = 0.3
    monkeypatch.setattr(upload, "_ATTEMPTS", 1)
    monkeypatch.setattr(upload, "_SECONDS", (1.5, 60))
    behind().put("key", written(tmp_path, b"x" * 2 * LARGE))
    assert behind().read("key") == b"x" * 2 * LARGE


def test_a_download_that_was_spoilt_is_a_passing_error_and_not_kept(
    proxy: Proxy, behind: Callable[[], GcsStore], store: GcsStore, tmp_path: Path
) -> None:
    store.put("key", written(tmp_path, b"as written"))
    proxy.spoil = True
    other = GcsStore(store.bucket, "lake", tmp_path / "other machine")
    with pytest.raises(CloudUnavailable, match="lake/key") as raised:
        other.read("key")
    assert raised.value.transient
    assert [p for p in (tmp_path / "other machine").rglob("*") if p.is_file()] == []


def test_an_upload_that_arrived_otherwise_is_an_error(
    proxy: Proxy, behind: Callable[[], GcsStore], tmp_path: Path
) -> None:
    proxy.spoil = True
    with pytest.raises(CloudUnavailable, match="CRC32C AAAAAA=="):
        behind().put("key", written(tmp_path, b"as written"))
