"""What can go wrong, named by what whoever catches it does.

Error                      one sentence for people: what, where, the way out
|- UsageError              the command or the configuration is wrong        exit 2
|- Refused                 the plan looks like an accident: nothing is done exit 3
|- StateError              an album's memory cannot be read, or is in use   exit 4
`- ServiceError            a service did not do what was asked              exit 5
   |- Denied               stop using this service
   |- Unavailable          wait and try again, then stop using it
   |- Stale                leave this photo for the next run
   `- Rejected             report this photo and go on with the others
"""

from __future__ import annotations

__all__ = [
    "Denied",
    "Error",
    "Refused",
    "Rejected",
    "ServiceError",
    "Stale",
    "StateError",
    "Unavailable",
    "UsageError",
]


class Error(Exception):
    """Any trouble that is told to people as one sentence."""

    exit_code = 1


class UsageError(Error):
    """The command line or the configuration asks for something that cannot be."""

    exit_code = 2


class Refused(Error):
    """The plan looks like an accident; nothing was changed."""

    exit_code = 3


class StateError(Error):
    """An album's state cannot be read or written, or another run holds it."""

    exit_code = 4


class ServiceError(Error):
    """A service did not do what it was asked."""

    exit_code = 5


class Denied(ServiceError):
    """The service refuses us as a whole: a wrong key, a missing permission."""


class Unavailable(ServiceError):
    """The service does not answer now; it may later.

    `retry_after` is the number of seconds it asks us to wait, or None.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Stale(ServiceError):
    """The photo is no longer as it was listed; nothing was changed."""


class Rejected(ServiceError):
    """The service, or the disk, does not take this one photo."""
