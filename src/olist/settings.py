"""Every setting of the platform, typed, read once from OLIST_* environment variables.

Unset, everything runs on this machine under one folder, `home`. An unknown OLIST_* variable is an error: a misspelt setting that is
silently ignored is how a test run ends up in production.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from olist.errors import ConfigurationError

__all__ = ["PROJECT", "Settings", "load_settings"]

PREFIX = "OLIST_"
# Variables of the test-suite and of dbt share the prefix and are not settings of the pipeline.
FOREIGN_PREFIXES = ("OLIST_TEST_", "OLIST_DBT_")
# https://cloud.google.com/storage/docs/buckets#naming
_BUCKET = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^/?#\s]+)*/?")
_DATASET = re.compile(r"bigquery://([a-z0-9.:-]+)/([A-Za-z0-9_]+)")
PROJECT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """Immutable settings. Paths are absolute; durations are seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    home: Path = Field(Path(".olist"), description="The one folder under which everything is written.")
    source: str | None = Field(
        None, description="A folder of CSVs, a zip, 'kaggle' or 'synthetic'; unset: searched for."
    )
    lake: str | None = Field(None, description="A folder, or gs://bucket/prefix; unset: `lake` under home.")
    warehouse: str | None = Field(None, description="libpq URL of a PostgreSQL 15+; unset: the embedded server.")
    opstore: str | None = Field(
        None, description="The record: a SQLite file, or bigquery://project/dataset; unset: under home."
    )
    bigquery: str | None = Field(
        None,
        description="Where exports are loaded: bigquery://project/prefix, for the datasets prefix_silver and prefix_gold.",
    )
    bigquery_tables: Literal["native", "external"] = Field(
        "native", description="Whether exports are loaded into BigQuery, or read from the lake by external tables."
    )
    contracts: Path = Field(PROJECT / "contracts", description="Folder of the data contracts.")
    dbt_project: Path = Field(PROJECT / "dbt", description="Folder of the dbt project.")
    lock_wait: float = Field(10.0, ge=0, description="How long a command waits for another run to end, seconds.")
    publish_wait: float = Field(
        600.0, ge=0, description="How long a publish waits for readers of the old version, seconds."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="From which level on to log."
    )
    deadline: float = Field(
        3600.0, gt=0, description="After how long an unfinished run counts as lost, seconds beyond `lock_wait`."
    )
    airflow: SecretStr | None = Field(None, description="Airflow's URL with user and password, told when gold changes.")
    parent_run: str | None = Field(None, description="The run in the record that a command is part of.")
    agent: bool = Field(True, description="Whether `openclaw` is called: after dbt, and at the end of a command.")

    @field_validator("home", "contracts", "dbt_project")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("source", "lake", "warehouse", "opstore", "bigquery", "parent_run", "airflow", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return value or None

    @field_validator("lake")
    @classmethod
    def _lake_is_a_folder_or_a_bucket(cls, value: str | None) -> str | None:
        if value is None or _BUCKET.fullmatch(value):
            return value and value.rstrip("/")
        if "://" in value:
            raise ValueError("a folder, or gs://bucket/prefix")
        return str(Path(value).expanduser().absolute())

    @field_validator("opstore")
    @classmethod
    def _opstore_is_a_file_or_a_dataset(cls, value: str | None) -> str | None:
        if value is None or _DATASET.fullmatch(value):
            return value
        if "://" in value:
            raise ValueError("a file, or bigquery://project/dataset")
        return str(Path(value).expanduser().absolute())

    @field_validator("bigquery")
    @classmethod
    def _bigquery_is_a_prefix_of_datasets(cls, value: str | None) -> str | None:
        if value is not None and not _DATASET.fullmatch(value):
            raise ValueError("bigquery://project/prefix")
        return value

    @field_validator("warehouse")
    @classmethod
    def _libpq_reads_it(cls, value: str | None) -> str | None:
        try:
            conninfo_to_dict(value or "")
        except psycopg.ProgrammingError:
            # libpq's own words quote the value.
            raise ValueError("a libpq URL such as postgresql://user:password@host:5432/database") from None
        return value

    @property
    def lake_url(self) -> str:
        """Root of the lake: a folder, or gs://bucket/prefix."""
        return self.lake or str(self.home / "lake")

    @property
    def opstore_url(self) -> str:
        """The operational record: a SQLite file, or bigquery://project/dataset."""
        return self.opstore or str(self.home / "opstore.sqlite")

    @property
    def bigquery_target(self) -> tuple[str, str] | None:
        """(project, prefix of the datasets) that exports are loaded into, None where that is not set."""
        match = self.bigquery and _DATASET.fullmatch(self.bigquery)
        return (match[1], match[2]) if match else None

    @property
    def spool(self) -> Path:
        """Where facts wait while the record cannot be reached."""
        return self.home / "opstore.sqlite.spool"

    @property
    def quality(self) -> Path:
        """Validation results, Data Docs and quality reports."""
        return self.home / "quality"

    @property
    def scratch(self) -> Path:
        """Where half-done work lives until it is moved in place or dropped."""
        return self.home / "tmp"


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, `overrides` (from the command line) before it.

    Raises ConfigurationError naming the variable, for an unknown one or a value of the wrong type.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith(PREFIX) and not name.startswith(FOREIGN_PREFIXES) and name not in known
    )
    if unknown:
        close = difflib.get_close_matches(unknown[0], known, n=1)
        raise ConfigurationError(
            "an unknown setting is in the environment",
            resource=unknown[0],
            expected="one of " + ", ".join(sorted(known)),
            found=unknown[0],
            remedy=f"did you mean {close[0]}?" if close else "unset it",
        )
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(
            "a setting has a value that it cannot have",
            resource=PREFIX + str(first["loc"][0]).upper(),
            expected=first["msg"],
            found="what may hold a password, not shown" if first["loc"] == ("warehouse",) else repr(first["input"]),
            remedy="correct the variable, or unset it for the default",
        ) from error
