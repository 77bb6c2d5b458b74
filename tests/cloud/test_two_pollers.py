"""Whole passes of the agent at once on a record in BigQuery: one cause, one incident, one alert, whoever was first."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from subprocess import PIPE, Popen

from agents import event
from olist.export.bigquery import client
from opstore.store import open_opstore


def test_of_two_pollers_at_once_one_tells_what_happened(bigquery: str, tmp_path: Path) -> None:
    dataset = f"ops_{secrets.token_hex(4)}"
    client("test").create_dataset(dataset)
    store = open_opstore(f"bigquery://test/{dataset}", tmp_path / "spool")
    store.record_events([event("silver.orders", check="unique"), event("silver.orders", check="unique", minutes=-9)])
    environment = os.environ | {"OPENCLAW_OPSTORE": f"bigquery://test/{dataset}", "OLIST_HOME": str(tmp_path)}
    command = [str(Path(sys.executable).with_name("openclaw")), "poll", "--wait", "120s"]
    pollers = [Popen(command, env=environment, stdout=PIPE, stderr=PIPE, text=True, cwd=tmp_path) for _ in range(2)]
    said = [poller.communicate(timeout=300) for poller in pollers]
    assert [poller.returncode for poller in pollers] == [0, 0], said
    told = [out for out, _ in said if "silver.orders" in out]
    assert len(told) == 1, said

    def count(question: str) -> int:
        return int(store.query(f"SELECT count(*) AS n FROM {question}")[0]["n"])

    assert count("ops_effects") == 2
    assert count("ops_incidents WHERE change = 'opened'") == 1
    assert count("ops_alerts WHERE phase = 'sent'") == 1
    passes = store.query("SELECT fencing FROM ops_heartbeats WHERE name = 'poll'")
    assert len({row["fencing"] for row in passes}) == len(passes) == 2, (
        "one after the other, each under a number of its own"
    )
