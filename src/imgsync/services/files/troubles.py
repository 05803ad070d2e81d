"""What a disk refuses, told as what a service does not do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import Rejected, ServiceError, Stale, Unavailable
from ...wording import why

__all__ = ["told"]

# What concerns the whole disk rather than one file.
_DISK_TROUBLE = frozenset(
    {
        errno.EIO,
        errno.EROFS,
        errno.ESTALE,
        errno.ENODEV,
        errno.ENXIO,
        errno.ENOTCONN,
        errno.ETIMEDOUT,
        errno.EHOSTDOWN,
    }
)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turns what the disk refuses into an error of a service: `what`, and why.

    What is gone makes it Stale; a failing disk Unavailable; all else, a full one too, Rejected.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise Stale(f"{what}: {_gone(error)} is no longer there") from error
    except OSError as error:
        raise _trouble(error)(f"{what}: {why(error)}") from error


def _gone(error: OSError) -> str:
    return str(error.filename) if error.filename else "something"


def _trouble(error: OSError) -> type[ServiceError]:
    return Unavailable if error.errno in _DISK_TROUBLE else Rejected
