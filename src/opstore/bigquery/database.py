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
from opstore.database import FACTS, Fence, schema_version, storable
from opstore.errors import Conflict, Fenced, OpstoreUnavailable, Refused, UnknownRows
from opstore.records import utc_now
from opstore.spool import Rows

__all__ = ["BigQueryDatabase"]

EMULATOR = "BIGQUERY_EMULATOR_HOST"
_LOCK = {"table_number": 0, "table_name": "lock", "row_key": "lock", "document": "held"}
# What one question may be billed for: a table of some 10,000 runs. Writings and retention have no such limit, for at it the record would
# stop, and could not even be made smaller.
_MAX_BYTES = 10 << 30
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ATTEMPTS = 8
_PART_BYTES = 5_000_000  # half of what a request may have
WAIT = wait_random_exponential(multiplier=0.5, max=10)
# What BigQuery answers when another statement has changed the lock meanwhile: nothing was written, and it may be sent again.
_OVERTAKEN = re.compile("could not serialize|concurrent update|too many dml statements|conflict", re.IGNORECASE)
# Reasons of refusals that pass: https://cloud.google.com/bigquery/docs/error-messages.
_PASSING = {
    "backendError",
    "bytesBilledLimitExceeded",
    "internalError",
    "jobBackendError",
    "jobInternalError",
    "jobRateLimitExceeded",
    "quotaExceeded",
    "rateLimitExceeded",
    "resourcesExceeded",
    "resourceInUse",
    "stopped",
    "tableUnavailable",
    "timeout",
}


class BigQueryDatabase:
    """One dataset, whose log and views are made at the first use. Everything raises OpstoreUnavailable."""

    def __init__(self, project: str, dataset: str) -> None:
        self.project, self.dataset = project, dataset
        self.address = f"bigquery://{project}/{dataset}"

    def write(self, rows: Rows, fence: Fence | None = None) -> int:
        """Add rows by table, all or none; returns how many were new. Facts that one request has no room for go in parts, but for a graph.

        Raises Fenced when `fence` is no longer the newest of its lease, Conflict when a judgement's key is taken, Refused for rows that
        will never be taken, UnknownRows for those of a later schema.
        """
        recorded = utc_now()
        documents, judgements = self._documents(rows, recorded)
        lease, fencing = fence or ("", 0)
        given = {"judgements": json.dumps(judgements), "lease": lease, "fencing": fencing, "recorded": recorded}
        written = 0
        # A graph in parts would be taken for a whole one by whoever reads between them.
        is_one = judgements or "ops_lineage" in rows
        for part in [documents] if is_one else _parts(documents):
            changed = self._append(part, given)
            if changed == 0:
                raise self._refusal(fence)
            written += changed - 1  # without the lock's row
        return written

    def _append(self, documents: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> int:
        def sent(several: Sequence[Mapping[str, Any]]) -> int:
            return self._change(_append_to(several), {**given, "rows": json.dumps([_LOCK, *several])})

        try:
            return sent(documents)
        except Refused as refused:
            try:
                sent([])
            except Refused as of_none:  # then it is not the rows
                raise OpstoreUnavailable(self.address, str(refused)) from of_none
            raise

    def _documents(self, rows: Rows, recorded: str) -> tuple[list[dict[str, Any]], list[str]]:
        if unknown := rows.keys() - tables().keys():
            raise UnknownRows(self.address, f"no table of the record as this program knows it: {sorted(unknown)}")
        try:
            return _documents(rows, recorded)
        except KeyError as error:
            raise Refused(self.address, f"a row has no key: {error} is missing") from error

    def select(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
        """The rows of a query in SQLite's dialect, moments as text."""
        named = parameters if isinstance(parameters, Mapping) else {f"p{i}": v for i, v in enumerate(parameters)}
        return [{name: _text(value) for name, value in row.items()} for row in self._rows(translated(query), named)]

    def prune(self, before: str, leases_before: str) -> int:
        """Delete what was recorded before, but for what incidents rest on; returns how many rows went."""
        return self._change(_statement("prune"), {"before": before, "leases_before": leases_before})

    def probe(self) -> bool:
        with self._errors():
            self._reader.get_dataset(self.dataset)
            if "schema" not in self._labels():
                return False
            self._query(self._reader, _statement("probe"), {}, _MAX_BYTES)
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
        """The log and the views, once for each version of the schema: the log's labels say which it has.

        A later migration's views stay: they have all that an earlier program asks for.
        """
        statements = [_statement("log"), _statement("lock"), *views(self.project, self.dataset)]
        text = hashlib.sha256("".join(statements).encode()).hexdigest()[:16]
        made, ours = self._labels(), {"migration": str(schema_version()), "schema": text}
        if int(made.get("migration", 0)) > schema_version() or {**made, **ours} == made:
            return
        for statement in statements:
            self._query(client, statement, {})
        table = client.get_table(self._log)
        table.labels = {**table.labels, **ours}
        client.update_table(table, ["labels"])

    @property
    def _log(self) -> str:
        return f"{self.project}.{self.dataset}.ops_rows"

    def _labels(self) -> dict[str, str]:
        """Of the log; none where there is no log."""
        try:
            return dict(self._reader.get_table(self._log).labels)
        except api.NotFound:
            return {}

    def _rows(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        return self._run(statement, parameters, _MAX_BYTES)[1]

    def _change(self, statement: str, parameters: Mapping[str, Any]) -> int:
        return int(self._run(statement, parameters, None)[0].num_dml_affected_rows or 0)

    def _run(self, statement: str, parameters: Mapping[str, Any], most: int | None) -> Any:
        attempts = Retrying(
            retry=retry_if_exception(_was_overtaken), stop=stop_after_attempt(_ATTEMPTS), wait=WAIT, reraise=True
        )
        with self._errors():
            return attempts(self._query, self._client, statement, parameters, most)

    def _query(
        self, client: bigquery.Client, statement: str, parameters: Mapping[str, Any], most: int | None = None
    ) -> tuple[Any, Any]:
        """(the job, which is done; its rows). Refused where it would be billed for more than `most` bytes."""
        config = bigquery.QueryJobConfig(
            default_dataset=f"{self.project}.{self.dataset}",
            query_parameters=[bigquery.ScalarQueryParameter(n, _type(v), v) for n, v in parameters.items()],
            maximum_bytes_billed=most,
        )
        job = client.query(statement, job_config=config)
        return job, job.result()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (api.GoogleAPIError, auth.GoogleAuthError, requests.RequestException) as error:
            kind = Refused if _is_final(error) else OpstoreUnavailable
            raise kind(self.address, str(error).strip()) from error


def _documents(rows: Rows, recorded: str) -> tuple[list[dict[str, Any]], list[str]]:
    """(what is to be written, once a key; the keys of judgements). Raises Conflict for a judgement that is given twice."""
    documents: dict[str, dict[str, Any]] = {}
    judgements = []
    for name, several in rows.items():
        for row in several:
            table = tables()[name]
            key = table.key_of({**row, "recorded_at": recorded})
            if name not in FACTS:
                judgements.append(key)
                if key in documents:
                    raise Conflict(f"{key} is given twice")
            document = json.dumps({column: storable(value) for column, value in row.items()}, ensure_ascii=False)
            place = {"table_number": table.number, "table_name": name, "row_key": key}
            documents.setdefault(key, place | {"document": document})
    return list(documents.values()), judgements


def _parts(documents: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """As many at once as a request has room for; at least one part."""
    part: list[dict[str, Any]] = []
    size = 0
    for document in documents:
        length = len(json.dumps(json.dumps(document)))  # text within the text of a request
        if part and size + length > _PART_BYTES:
            yield part
            part, size = [], 0
        part.append(document)
        size += length
    yield part


def _append_to(documents: Sequence[Mapping[str, Any]]) -> str:
    """The statement that reads the partitions of these rows' tables, and of the lock."""
    numbers = sorted({0, *(document["table_number"] for document in documents)})
    return _statement("append").replace("IN (0)", f"IN ({', '.join(map(str, numbers))})")


def _type(value: Any) -> str:
    if isinstance(value, str):
        return "TIMESTAMP" if _MOMENT.fullmatch(value) else "STRING"
    return {bool: "BOOL", int: "INT64", float: "FLOAT64"}.get(type(value), "STRING")


def _text(value: Any) -> Any:
    """Moments as the record has them everywhere: UTC, ISO 8601, milliseconds."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z" if isinstance(value, datetime) else value


def _is_final(error: Exception) -> bool:
    """Whether the same statement will be refused as long as it is sent: for what it says or its size, not for what goes by."""
    if not isinstance(error, api.GoogleAPICallError) or _was_overtaken(error):
        return False
    reasons = {str(detail.get("reason")) for detail in error.errors or ()}
    return error.code in {400, 413} and not reasons & _PASSING


def _was_overtaken(error: BaseException) -> bool:
    return isinstance(error, api.GoogleAPICallError) and bool(_OVERTAKEN.search(str(error)))


@cache
def _statement(name: str) -> str:
    return files("opstore.bigquery").joinpath(f"{name}.sql").read_text(encoding="utf-8")
