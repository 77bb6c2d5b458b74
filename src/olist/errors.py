"""What can go wrong, by what the person on call does next.

    OlistError                  every error we raise on purpose
    ├── ConfigurationError      mend a setting or a contract, then run again
    │   └── ContractError
    ├── SourceRefused           the delivered files are faulty: mend them, or ask their producer
    │   ├── FileMissing         a file of the delivery did not come
    │   └── HeaderRefused       a file's columns are not the contract's
    ├── AuditFailed             the data broke a rule: nothing was published
    ├── StageLost               another run has used the stage: build again
    ├── LakeError               the lake was altered, or cannot be written
    ├── WarehouseUnavailable    the database cannot be reached or started (transient)
    ├── PublishBlocked          an object that others built on a layer stands in its way
    ├── GoldFailed              dbt did not come back green: gold is unchanged
    ├── CloudRefused            Google Cloud does not let us: grant a permission, or correct a setting
    ├── CloudUnavailable        Google Cloud does not answer (transient)
    └── Busy                    another session stands in the way: wait, or end it (transient)
        └── AnotherRun          it is a run, which is at work: nothing is blocked

Each says what failed, on which resource, what was expected, what was found and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = [
    "AnotherRun",
    "AuditFailed",
    "Busy",
    "CloudRefused",
    "CloudUnavailable",
    "ConfigurationError",
    "ContractError",
    "FileMissing",
    "GoldFailed",
    "HeaderRefused",
    "LakeError",
    "OlistError",
    "PublishBlocked",
    "SourceRefused",
    "StageLost",
    "WarehouseUnavailable",
    "explained",
    "extra_missing",
]


class OlistError(Exception):
    """An error for the person on call. `transient` tells whether the same call may succeed later unchanged."""

    transient = False

    def __init__(self, what: str, *, resource: str, expected: str, found: str, remedy: str) -> None:
        self.what, self.resource, self.expected, self.found, self.remedy = what, resource, expected, found, remedy
        super().__init__(what)

    def __str__(self) -> str:
        return (
            f"{self.what}\n  where     {self.resource}\n  expected  {self.expected}\n"
            f"  found     {self.found}\n  remedy    {self.remedy}"
        )


class ConfigurationError(OlistError):
    """A setting, or a file that configures, is wrong."""


class ContractError(ConfigurationError):
    """A data contract is missing, unreadable or contradicts another."""


class SourceRefused(OlistError):
    """The delivered files break their contract's structure; no batch was accepted. `refusals` has the error of each table's file."""

    refusals: Mapping[str, SourceRefused] = {}


class FileMissing(SourceRefused):
    """A file of the delivery is not there."""


class HeaderRefused(SourceRefused):
    """A file's columns are not its contract's."""


class AuditFailed(OlistError):
    """Staged rows broke a rule of their contract; what was published before stands. `quarantined` is rows by table."""

    def __init__(
        self, what: str, *, resource: str, expected: str, found: str, remedy: str, quarantined: Mapping[str, int]
    ) -> None:
        super().__init__(what, resource=resource, expected=expected, found=found, remedy=remedy)
        self.quarantined = quarantined


class StageLost(OlistError):
    """What this run has staged is there no more, or was never audited; what was published before stands."""


class LakeError(OlistError):
    """An object of the lake is missing, altered, already there, or cannot be written."""


class WarehouseUnavailable(OlistError):
    """PostgreSQL cannot be started, reached or used."""

    transient = True


class PublishBlocked(OlistError):
    """A new version cannot take the old one's place; the old one stands."""


class GoldFailed(OlistError):
    """dbt failed to build or test; what was published before stands."""


class CloudRefused(OlistError):
    """Google Cloud refused what was asked: a permission, a resource or a quota is missing."""


class CloudUnavailable(OlistError):
    """Google Cloud cannot be reached, or is out of order."""

    transient = True


class Busy(OlistError):
    """Another process holds a lock that this one needs."""

    transient = True


class AnotherRun(Busy):
    """It is another run of the platform: this one did nothing."""


def extra_missing(setting: str, error: ImportError) -> ConfigurationError:
    """A setting names Google Cloud, and its libraries are not installed."""
    return ConfigurationError(
        "the libraries for Google Cloud are not installed",
        resource=setting,
        expected="the extra gcp of olist-platform",
        found=str(error),
        remedy="install it: `.tools/bin/uv sync --frozen --inexact --extra gcp`, or pip install 'olist-platform[gcp]'",
    )


def explained(error: Exception, home: Path) -> OlistError:
    """What no step foresaw: the operating system, or the record's file below `home`, refuses (a full disk, a folder without permission)."""
    return OlistError(
        "the operating system refused",
        resource=str(getattr(error, "filename", None) or home),
        expected="free space, and folders that this user may write",
        found=getattr(error, "strerror", None) or str(error),
        remedy="free some space or correct the permissions, or set OLIST_HOME to another folder; published data is as it was",
    )
