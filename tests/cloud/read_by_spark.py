"""Every table below a folder as Spark reads it, written to a file: {table: (columns, rows)}. Run by the Python of `.venv-spark`.

read_by_spark.py FOLDER TARGET      FOLDER/<layer>/<table>/export=<id>/…
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession  # type: ignore[import-not-found]

os.environ["TZ"] = "UTC"  # Spark gives moments in the machine's zone
time.tzset()
session = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
tables = {}
for path in Path(sys.argv[1]).glob("*/*/export=*"):
    frame = session.read.parquet(str(path)).drop("partition_month")
    tables[f"{path.parts[-3]}.{path.parts[-2]}"] = (frame.columns, [tuple(row) for row in frame.collect()])
Path(sys.argv[2]).write_bytes(pickle.dumps(tables))
