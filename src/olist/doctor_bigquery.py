"""What BigQuery lets this account do, for `olist doctor`: every permission is tried by a dry run, which changes and costs nothing."""

from __future__ import annotations

from collections.abc import Iterator

from google.api_core import exceptions as api
from google.cloud import bigquery

from olist.doctor import Finding
from olist.export.bigquery import MOVE, client, grants
from olist.google import explained, member

__all__ = ["dataset_findings", "location_finding"]

# What is done to a table that is there, tried by a dry run.
_TO_TABLES = {
    "bigquery.tables.getData": "SELECT * FROM `{}`",
    "bigquery.tables.updateData": "DELETE FROM `{}` WHERE FALSE",
    "bigquery.tables.update": "ALTER TABLE `{}` SET OPTIONS (expiration_timestamp = NULL)",
}


def dataset_findings(part: str, project: str, dataset: str) -> Iterator[Finding]:
    """Whether jobs can be run in the project, and tables be made and changed in the dataset (`project.name`).

    Raises CloudRefused for a dataset that is not there or not to be seen, CloudUnavailable when nobody answers.
    """
    database = client(project)
    refusal = _refusal(database, "SELECT 1")
    account = member(database._credentials)  # known after the first request only, on Google Cloud
    to_run, to_write = grants(project, dataset, account)
    yield _finding(part, "bigquery.jobs.create", refusal, account, to_run)
    with explained(dataset, to_write):
        try:
            location = database.get_dataset(dataset).location
        except api.NotFound:
            make = f"bq mk --dataset --location=LOCATION_OF_THE_BUCKET {dataset.replace('.', ':')}"
            yield Finding(part, "the dataset is there", "failed", f"no {dataset}", make)
            return
    yield Finding(part, "the dataset is there", "ok", f"{dataset} in {location}")
    if refusal:
        yield Finding(part, "bigquery.tables.create", "unknown", "no job can be run to try it")
        return
    refusal = _refusal(database, f"CREATE TABLE `{dataset}.olist_doctor` (probe INT64)")
    yield _finding(part, "bigquery.tables.create", refusal, account, to_write)
    with explained(dataset, to_write):
        tables = [item for item in database.list_tables(dataset) if item.table_type == "TABLE"]
    for permission, statement in _TO_TABLES.items() if tables else ():
        refusal = _refusal(database, statement.format(f"{dataset}.{tables[0].table_id}"))
        yield _finding(part, permission, refusal, account, to_write)


def location_finding(part: str, project: str, dataset: str, bucket: str | None) -> Finding:
    """Whether BigQuery loads what lies in a bucket there: into the US from everywhere, else from its own location only."""
    check, home = "the dataset is where the bucket is", str(client(project).get_dataset(dataset).location).upper()
    found = f"{dataset} in {home}, the bucket in {bucket}"
    if bucket is None:
        return Finding(part, check, "unknown", f"{dataset} in {home}; this account cannot see where the bucket is")
    if home in (bucket, "US"):
        return Finding(part, check, "ok", found)
    if home == "EU" and bucket.startswith("EU"):  # most of Europe's regions are part of the EU, not all
        return Finding(part, check, "unknown", found)
    return Finding(part, check, "failed", found, MOVE)


def _refusal(database: bigquery.Client, statement: str) -> str | None:
    """Why this account may not run the statement, None where it may."""
    with explained(database.project, "see the findings below"):
        try:
            database.query(statement, job_config=bigquery.QueryJobConfig(dry_run=True, use_query_cache=False))
        except api.Forbidden as error:
            return str(error).splitlines()[0]
    return None


def _finding(part: str, permission: str, refusal: str | None, account: str, grant: str) -> Finding:
    return Finding(part, permission, "failed", refusal, grant) if refusal else Finding(part, permission, "ok", account)
