"""What messages have in common: sizes, and what a system refuses, in words for people."""

from __future__ import annotations

import errno

__all__ = ["size", "why"]

_WAYS_OUT = {
    errno.EACCES: "check its permissions",
    errno.EPERM: "check its permissions, and whose it is",
    errno.EEXIST: "rename what has that name there",
    errno.EINVAL: 'if its name holds one of \\ : * ? " < > | or ends with a dot, rename it',
    errno.ENOTEMPTY: "rename what has that name there",
    errno.ENOTDIR: "rename the file that stands where a folder is to be",
    errno.ENAMETOOLONG: "give it a shorter name",
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there, or ask for more",
    errno.EROFS: "mount it for writing",
}


def size(count: int) -> str:
    """Bytes as people read them."""
    number = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def why(error: OSError) -> str:
    """What the system says, in its words, with the way out where there is one to tell."""
    said = error.strerror or str(error)
    way_out = _WAYS_OUT.get(error.errno or 0)
    return f"{said} ({way_out})" if way_out else said
