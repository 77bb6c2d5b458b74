"""What BigQuery lets this account do, for `olist doctor`: every permission is tried by a dry run, which changes and costs nothing."""

from __future__ import annotations

from collections.abc import Iterator

from google.api_core import exceptions as api
from google.cloud import bigquery

from olist.doctor import Finding
from olist.export.bigquery import client, grants
from olist.google import explained, member

__all__ = ["dataset_findings"]


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
