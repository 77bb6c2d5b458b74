"""`olist doctor` on BigQuery: what is missing, and the command that grants it."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from olist import doctor_bigquery
from olist.doctor import Finding, examine
from olist.export.bigquery import client
from olist.record import open_record
from olist.settings import load_settings


def findings(home: Path, part: str, **given: str) -> list[Finding]:
    return [f for f in examine(load_settings(home=home, **given)) if f.part == part]


def test_a_dataset_that_can_be_written_is_found_and_left_as_it_was(bigquery: str, tmp_path: Path) -> None:
    dataset = f"ops_{secrets.token_hex(4)}"
    client("test").create_dataset(dataset)
    found = findings(tmp_path, "record", opstore=f"bigquery://test/{dataset}")
    assert [(f.check, f.status) for f in found[:3]] == [
        ("bigquery.jobs.create", "ok"),
        ("the dataset is there", "ok"),
        ("bigquery.tables.create", "ok"),
    ]
    assert list(client("test").list_tables(dataset)) == []


def test_a_record_is_read_and_what_waits_is_left_waiting(bigquery: str, tmp_path: Path) -> None:
    dataset = f"ops_{secrets.token_hex(4)}"
    client("test").create_dataset(dataset)
    settings = load_settings(home=tmp_path, opstore=f"bigquery://test/{dataset}")
    open_record(settings).runs(limit=1)
    open_record(settings).spool.add({"ops_events": []})
    before = {item.table_id for item in client("test").list_tables(dataset)}
    found = {f.check: f.status for f in findings(tmp_path, "record", opstore=f"bigquery://test/{dataset}")}
    assert {found[f"bigquery.tables.{p}"] for p in ("create", "getData", "updateData", "update")} == {"ok"}
    assert found["can be read"] == "ok"
    assert found["nothing waits to be sent"] == "failed"
    assert {item.table_id for item in client("test").list_tables(dataset)} == before
    assert len(open_record(settings).spool.waiting()) == 1


@pytest.mark.parametrize(
    ("dataset", "bucket", "status"),
    [
        ("EU", "EU", "ok"),
        ("US", "EUROPE-WEST1", "ok"),
        ("EU", "EUROPE-WEST1", "unknown"),
        ("EU", "US", "failed"),
        ("EU", None, "unknown"),
    ],
)
def test_a_dataset_is_to_be_where_the_bucket_is(
    dataset: str, bucket: str | None, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = SimpleNamespace(get_dataset=lambda _: SimpleNamespace(location=dataset))
    monkeypatch.setattr(doctor_bigquery, "client", lambda _: known)
    finding = doctor_bigquery.location_finding("bigquery", "test", "test.x_silver", bucket)
    assert finding.status == status
    assert ("bq mk --dataset" in finding.remedy) == (status == "failed")


def test_a_dataset_that_is_missing_comes_with_the_command_that_makes_it(bigquery: str, tmp_path: Path) -> None:
    prefix = f"p{secrets.token_hex(4)}"
    client("test").create_dataset(f"{prefix}_silver")
    found = findings(tmp_path, "bigquery", bigquery=f"bigquery://test/{prefix}", lake="gs://any")
    (missing,) = [f for f in found if f.status == "failed"]
    assert missing.remedy == f"bq mk --dataset --location=LOCATION_OF_THE_BUCKET test:{prefix}_gold"


def test_exports_to_bigquery_need_a_lake_in_a_bucket(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "bigquery", bigquery="bigquery://test/olist")
    assert found.status == "failed"
    assert "gs://bucket/prefix" in found.remedy


TABLE = {"projectId": "test", "datasetId": "x", "tableId": "t"}


class Refusing(BaseHTTPRequestHandler):
    """A BigQuery where this account sees datasets, and is refused the statements that begin with one of `refused`."""

    refused: tuple[str, ...] = ()

    def do_GET(self) -> None:
        if self.path.partition("?")[0].endswith("/tables"):
            return self._answer(200, {"tables": [{"type": "TABLE", "tableReference": TABLE}]})
        return self._answer(200, {"datasetReference": {"projectId": "test", "datasetId": "x"}, "location": "EU"})

    def do_POST(self) -> None:
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if job["configuration"]["query"]["query"].startswith(self.refused):
            error = {"code": 403, "message": "Access Denied", "errors": [{"reason": "accessDenied"}]}
            self._answer(403, {"error": error})
        else:
            self._answer(200, job | {"status": {"state": "DONE"}})

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Refusing]]:
    handler = type("Handler", (Refusing,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
        yield handler
        server.shutdown()


@pytest.mark.parametrize(
    ("refused", "statuses", "grant"),
    [
        (("SELECT 1",), ["failed", "ok", "unknown"], "gcloud projects add-iam-policy-binding test"),
        (("CREATE TABLE",), ["ok", "ok", "failed"], r"GRANT \`roles/bigquery.dataEditor\` ON SCHEMA \`test.x_silver\`"),
        (("DELETE",), ["ok", "ok", "ok", "ok", "failed", "ok"], "roles/bigquery.dataEditor"),
    ],
)
def test_a_permission_that_is_missing_comes_with_the_command_that_grants_it(
    refusing: type[Refusing], refused: tuple[str, ...], statuses: list[str], grant: str, tmp_path: Path
) -> None:
    refusing.refused = refused
    found = findings(tmp_path, "bigquery", bigquery="bigquery://test/x", lake="gs://any")
    found = found[: len(statuses)]
    assert [f.status for f in found] == statuses
    (failed,) = [f for f in found if f.status == "failed"]
    assert grant in failed.remedy
