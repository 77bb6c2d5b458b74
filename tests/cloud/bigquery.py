"""A stand-in for BigQuery on the loopback: a process of its own, in an environment of its own (`make .venv-emulator/.made`)."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
import sqlglot

from conftest import free_port
from olist.settings import PROJECT

__all__ = ["ENVIRONMENT", "broken_literals", "emulator"]

ENVIRONMENT = PROJECT / ".venv-emulator"
START = Path(__file__).with_name("start_emulator.py")
_PATIENCE = 180.0


@contextmanager
def emulator(home: Path, buckets: Path) -> Iterator[str]:
    """The address of a new, empty BigQuery. It reads `gs://<bucket>/<object>` from the folder `buckets`."""
    _give_extensions(home)
    ports = {"--rest-port": free_port(), "--grpc-port": free_port()}
    options = [text for name, port in ports.items() for text in (name, str(port))]
    environment = os.environ | {"HOME": str(home), "BQEMU_GCS_LOCAL_ROOT": str(buckets)}
    with (home / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [ENVIRONMENT / "bin" / "python", START, "start", "--project", "test", *options],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://127.0.0.1:{ports['--rest-port']}"
            _wait_for(url, process, home / "emulator.log")
            yield url
        finally:
            process.terminate()
            process.wait(60)


def _give_extensions(home: Path) -> None:
    """DuckDB looks for extensions under its home and would otherwise download them: they come as wheels."""
    (packages,) = (ENVIRONMENT / "lib").glob("python3*/site-packages")
    for extension in packages.glob("duckdb_extension_*/extensions/*/*.duckdb_extension"):
        folder = home / ".duckdb" / "extensions" / extension.parent.name / "linux_amd64"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / extension.name).symlink_to(extension)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the stand-in for BigQuery does not answer:\n{log.read_text(errors='replace')[-2000:]}")


def broken_literals(statement: str) -> list[str]:
    """The literals that hold a line break, as they are written. BigQuery takes one between three quotes only; the stand-in between any."""
    tokens = sqlglot.tokenize(statement, read="bigquery")
    written = (statement[t.start : t.end + 1].lstrip("rRbB") for t in tokens)
    return [w for w in written if w[:1] in ("'", '"') and w[:3] not in ("'''", '"""') and ("\n" in w or "\r" in w)]
