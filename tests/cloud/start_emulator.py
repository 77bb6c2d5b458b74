"""`bqemulator`, with one thing mended: run by the Python of `.venv-emulator`.

It loads Parquet by DuckDB's `read_parquet`, which takes `key=value` in a path for columns. BigQuery does so only when a load asks for it.
"""

from __future__ import annotations

import sys
from typing import Any

from bqemulator.cli import main  # type: ignore[import-not-found]
from bqemulator.jobs import executor  # type: ignore[import-not-found]


def load_parquet(path: str, target: str, context: Any) -> None:
    context.engine.execute(f"INSERT INTO {target} SELECT * FROM read_parquet(?, hive_partitioning = false)", [path])


executor._LOAD_FORMAT_HANDLERS["PARQUET"] = load_parquet
sys.exit(main())
