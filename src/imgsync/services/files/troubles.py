"""What a disk refuses, told as what a service does not do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import Rejected, ServiceError, Stale, Unavailable

__all__ = ["told", "why"]

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

_WAYS_OUT = {
    errno.EACCES: "check its permissions",
    errno.EPERM: "check its permissions, and whose it is",
    errno.EEXIST: "rename what has that name there",
    errno.EINVAL: 'if its name holds one of \\ : * ? " < > | or ends with a dot, rename it',
    errno.ENOTDIR: "rename the file that stands where a folder is to be",
    errno.ENAMETOOLONG: "give it a shorter name",
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there, or ask for more",
    errno.EROFS: "mount it for writing",
}


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


def why(error: OSError) -> str:
    """What the system says, in its words, with the way out where there is one to tell."""
    said = error.strerror or str(error)
    way_out = _WAYS_OUT.get(error.errno or 0)
    return f"{said} ({way_out})" if way_out else said
