"""The benchmark runs and compares like with like. How fast anything is, it says itself: benchmarks/README.md has its numbers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from olist.settings import PROJECT


def test_the_benchmark_loads_the_same_rows_in_every_way_and_prints_the_ratios(small_folder: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OLIST_")}
    words = [sys.executable, str(PROJECT / "benchmarks/load.py"), "--source", str(small_folder), "--repeat", "1"]
    result = subprocess.run(words, env=kept, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    lines = sum(path.read_bytes().count(b"\n") for path in small_folder.glob("*.csv"))
    rows = re.match(r"([\d,]+) rows of ", result.stdout)
    assert rows is not None
    assert 15_000 < int(rows[1].replace(",", "")) < lines
    for way in ("COPY", "olist", "pandas"):
        assert re.search(rf"^{way} +\d+\.\d\d", result.stdout, re.MULTILINE), way
    for phase in ("bronze", "build", "audit", "constrain", "publish"):
        assert re.search(rf"^{phase} +\d+\.\d\d +\d+%", result.stdout, re.MULTILINE), phase
    assert re.search(r"olist takes [\d.]+ times as long as COPY; at most 6 are allowed", result.stdout)
