"""A BigQuery dataset behind the record: one log, written by single statements, and the record's tables as views of it.

BigQuery knows no unique keys, and rows of a load cannot be made to wait for each other. Every writing is therefore one MERGE that adds
what is not there and changes the one row of the lock: two at once conflict, BigQuery carries out one after the other, and the later one
sees the earlier one's rows. So a lease has one holder and an event one effect, whoever writes. docs/bigquery.md has quotas and costs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from opstore.bigquery.dialect import tables, translated, views
from opstore.database import FACTS, Fence, storable
from opstore.errors import Conflict, Fenced, OpstoreUnavailable
from opstore.records import utc_now
from opstore.spool import Rows

__all__ = ["BigQueryDatabase"]

EMULATOR = "BIGQUERY_EMULATOR_HOST"
_LOCK = {"table_name": "lock", "row_key": "lock", "document": "held"}
_MAX_BYTES = 1 << 30  # what one statement may be billed for: a record of years is smaller
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ATTEMPTS = 8
WAIT = wait_random_exponential(multiplier=0.5, max=10)
# What BigQuery answers when another statement has changed the lock meanwhile: nothing was written, and it may be sent again.
_OVERTAKEN = re.compile("could not serialize|concurrent update|too many dml statements|conflict", re.IGNORECASE)


class BigQueryDatabase:
    """One dataset, whose log and views are made at the first use. Everything raises OpstoreUnavailable."""

    def __init__(self, project: str, dataset: str) -> None:
        self.project, self.dataset = project, dataset
        self.address = f"bigquery://{project}/{dataset}"

    def write(self, rows: Rows, fence: Fence | None = None) -> int:
        """Add rows by table, all or none; returns how many were new.

        Raises Fenced when `fence` is no longer the newest of its lease, Conflict when a judgement's key is taken.
        """
        recorded = utc_now()
        documents, judgements = _documents(rows, recorded)
        lease, fencing = fence or ("", 0)
        given = {
            "rows": json.dumps([_LOCK, *documents.values()]),
            "judgements": json.dumps(judgements),
            "lease": lease,
            "fencing": fencing,
            "recorded": recorded,
        }
        changed = self._change("append", given)
        if changed == 0:
            raise self._refusal(fence)
        return changed - 1  # without the lock's row

    def select(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
        """The rows of a query in SQLite's dialect, moments as text."""
        named = parameters if isinstance(parameters, Mapping) else {f"p{i}": v for i, v in enumerate(parameters)}
        return [{name: _text(value) for name, value in row.items()} for row in self._rows(translated(query), named)]

    def prune(self, before: str) -> int:
        """Delete what was recorded before, but for what incidents rest on; returns how many rows went."""
        return self._change("prune", {"before": before})

    def probe(self) -> bool:
        with self._errors():
            self._reader.get_dataset(self.dataset)
            if not self._version():
                return False
            self._query(self._reader, _statement("probe"), {})
        return True

    def _refusal(self, fence: Fence | None) -> Fenced | Conflict:
        if fence is not None:
            name, number = fence
            ((newest,),) = self._rows(_statement("newest_fencing"), {"lease": name})
            if newest != number:
                return Fenced(f"lease {name} is at number {newest}; {number} has been overtaken")
        return Conflict("a row with this key is there already")

    @cached_property
    def _client(self) -> bigquery.Client:
        self._migrate(self._reader)
        return self._reader

    @cached_property
    def _reader(self) -> bigquery.Client:
        """Of the dataset as it is."""
        emulated = AnonymousCredentials() if os.environ.get(EMULATOR) else None  # type: ignore[no-untyped-call]
        return bigquery.Client(project=self.project, credentials=emulated)

    def _migrate(self, client: bigquery.Client) -> None:
        """The log and the views, once for each version of the schema: the log's label says which it has."""
        statements = [_statement("log"), _statement("lock"), *views()]
        version = hashlib.sha256("".join(statements).encode()).hexdigest()[:16]
        if self._version() == version:
            return
        for statement in statements:
            self._query(client, statement, {})
        table = client.get_table(self._log)
        table.labels = {"schema": version}
        client.update_table(table, ["labels"])

    @property
    def _log(self) -> str:
        return f"{self.project}.{self.dataset}.ops_log"

    def _version(self) -> str | None:
        """Of the schema that was made; None where none was."""
        try:
            return self._reader.get_table(self._log).labels.get("schema")
        except api.NotFound:
            return None

    def _rows(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        return self._run(statement, parameters)[1]

    def _change(self, name: str, parameters: Mapping[str, Any]) -> int:
        return int(self._run(_statement(name), parameters)[0].num_dml_affected_rows or 0)

    def _run(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        attempts = Retrying(
            retry=retry_if_exception(_was_overtaken), stop=stop_after_attempt(_ATTEMPTS), wait=WAIT, reraise=True
        )
        with self._errors():
            return attempts(self._query, self._client, statement, parameters)

    def _query(self, client: bigquery.Client, statement: str, parameters: Mapping[str, Any]) -> tuple[Any, Any]:
        """(the job, which is done; its rows)."""
        config = bigquery.QueryJobConfig(
            default_dataset=f"{self.project}.{self.dataset}",
            query_parameters=[bigquery.ScalarQueryParameter(n, _type(v), v) for n, v in parameters.items()],
            maximum_bytes_billed=_MAX_BYTES,
        )
        job = client.query(statement, job_config=config)
        return job, job.result()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (api.GoogleAPIError, auth.GoogleAuthError, requests.RequestException) as error:
            raise OpstoreUnavailable(self.address, str(error).strip()) from error


def _documents(rows: Rows, recorded: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    """(what is to be written, by key; the keys of judgements). Raises Conflict for a judgement that is given twice."""
    documents: dict[str, dict[str, str]] = {}
    judgements = []
    for name, several in rows.items():
        for row in several:
            key = tables()[name].key_of({**row, "recorded_at": recorded})
            if name not in FACTS:
                judgements.append(key)
                if key in documents:
                    raise Conflict(f"{key} is given twice")
            document = json.dumps({column: storable(value) for column, value in row.items()}, ensure_ascii=False)
            documents.setdefault(key, {"table_name": name, "row_key": key, "document": document})
    return documents, judgements


def _type(value: Any) -> str:
    if isinstance(value, str):
        return "TIMESTAMP" if _MOMENT.fullmatch(value) else "STRING"
    return {bool: "BOOL", int: "INT64", float: "FLOAT64"}.get(type(value), "STRING")


def _text(value: Any) -> Any:
    """Moments as the record has them everywhere: UTC, ISO 8601, milliseconds."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z" if isinstance(value, datetime) else value


def _was_overtaken(error: BaseException) -> bool:
    return isinstance(error, api.GoogleAPICallError) and bool(_OVERTAKEN.search(str(error)))


@cache
def _statement(name: str) -> str:
    return files("opstore.bigquery").joinpath(f"{name}.sql").read_text(encoding="utf-8")
