"""What every part of Google Cloud has in common for us: credentials, and what its refusals mean to the person on call.

Imported only where a setting names Google Cloud: the embedded default needs none of its libraries.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import google.auth
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.auth.credentials import AnonymousCredentials, Credentials

from olist.errors import CloudRefused, CloudUnavailable

__all__ = ["credentials", "explained", "member"]

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


def credentials(emulator: str) -> tuple[Credentials, str | None]:
    """The application default credentials and their project; nobody's where the variable `emulator` names a stand-in's address.

    Raises google.auth.exceptions.DefaultCredentialsError when there are none.
    """
    if os.environ.get(emulator):
        return AnonymousCredentials(), None  # type: ignore[no-untyped-call]
    found: tuple[Credentials, str | None] = google.auth.default(scopes=_SCOPES)
    return found


def member(owner: Credentials) -> str:
    """The account as IAM names it; `user:YOU` for a person, whose name the credentials do not tell."""
    email = getattr(owner, "service_account_email", None)
    return f"serviceAccount:{email}" if email else "user:YOU"


@contextmanager
def explained(resource: str, grant: str) -> Iterator[None]:
    """Google's errors as ours. `grant` is the command that gives the permissions this needs.

    Raises CloudRefused for what somebody must mend, CloudUnavailable for what may pass by itself.
    """
    try:
        yield
    except (api.Forbidden, api.Unauthorized) as error:
        raise _refused(resource, "the permission to do this", error, grant) from error
    except api.NotFound as error:
        raise _refused(resource, "a resource that exists", error, "create it, or correct the setting") from error
    except auth.DefaultCredentialsError as error:
        remedy = "run `gcloud auth application-default login`, or run as a service account"
        raise _refused(resource, "credentials in the environment", error, remedy) from error
    except (
        api.ServerError,
        api.TooManyRequests,
        api.RetryError,
        auth.TransportError,
        requests.RequestException,
    ) as error:
        raise CloudUnavailable(
            "Google Cloud cannot be reached",
            resource=resource,
            expected="an answer",
            found=_first_line(error),
            remedy="run again; `olist doctor` says what can be reached",
        ) from error
    except (api.GoogleAPICallError, auth.GoogleAuthError) as error:
        raise _refused(
            resource, "a request that it accepts", error, "see what it found; `olist doctor` may say more"
        ) from error


def _refused(resource: str, expected: str, error: Exception, remedy: str) -> CloudRefused:
    return CloudRefused(
        "Google Cloud refused", resource=resource, expected=expected, found=_first_line(error), remedy=remedy
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
