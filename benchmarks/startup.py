"""How long the agent's service takes from being started to listening, which is when Cloud Run sends it the first request. The goal is 2 s.

    .venv/bin/python benchmarks/startup.py

Beside it stands the smallest service that the same libraries make, and processor time, which other work on the machine touches less. What
the agent's image does not carry and Google's libraries would import where they find it is hidden.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from rich.console import Console

_REPEAT = 7
_AS_IN_THE_IMAGE = "import sys; sys.modules['pandas'] = sys.modules['pyarrow'] = None; "
_BARE = "import sys, uvicorn, fastapi; uvicorn.run(fastapi.FastAPI(), port=int(sys.argv[1]), log_level='error')"
_OPENCLAW = "from openclaw.cli import app; app()"

say = Console(highlight=False, soft_wrap=True).print


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        records = {"SQLite": f"{folder}/opstore.sqlite", "BigQuery": "bigquery://demo/olist_ops"}
        commands: dict[str, tuple[list[str], dict[str, str]]] = {"bare FastAPI": ([_BARE], {})}
        for name, url in records.items():
            commands[f"openclaw, record on {name}"] = ([_OPENCLAW, "serve", "--port"], {"OPENCLAW_OPSTORE": url})
        say(f"{'from start to listening, s':28} median  worst  processor")
        for name, (command, settings) in commands.items():
            _started(command, settings, Path(folder))  # the first one reads the files from the disk
            took = [_started(command, settings, Path(folder)) for _ in range(_REPEAT)]
            wall, processor = [[t[n] for t in took] for n in (0, 1)]
            say(f"{name:28} {statistics.median(wall):6.2f} {max(wall):6.2f} {statistics.median(processor):10.2f}")


def _started(command: list[str], settings: dict[str, str], folder: Path) -> tuple[float, float]:
    """Wall clock and processor seconds until the port accepts a connection."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _AS_IN_THE_IMAGE + command[0], *command[1:], str(port)], env=os.environ | settings, cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not _listens(port):
            if process.poll() is not None:
                raise SystemExit(f"{command} has ended with {process.returncode}")
            time.sleep(0.005)
        wall, used = time.perf_counter() - began, psutil.Process(process.pid).cpu_times()
        return wall, used.user + used.system
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
