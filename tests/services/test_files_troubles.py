"""What a disk refuses is told with the way out."""

from __future__ import annotations

import errno
import os

import pytest

from imgsync.errors import Rejected, ServiceError, Stale, Unavailable
from imgsync.services.files.troubles import told

TROUBLES: list[tuple[int, type[ServiceError], str]] = [
    (errno.EACCES, Rejected, "it cannot be made: Permission denied (check its permissions)"),
    (errno.EEXIST, Rejected, "it cannot be made: File exists (rename what has that name there)"),
    (
        errno.EINVAL,
        Rejected,
        "it cannot be made: Invalid argument"
        ' (if its name holds one of \\ : * ? " < > | or ends with a dot, rename it)',
    ),
    (errno.ENOSPC, Rejected, "it cannot be made: No space left on device (make room there)"),
    (errno.EROFS, Unavailable, "it cannot be made: Read-only file system (mount it for writing)"),
    (errno.EIO, Unavailable, "it cannot be made: Input/output error"),
    (errno.ENOENT, Stale, "it cannot be made: /a/b.jpg is no longer there"),
]


@pytest.mark.parametrize(
    ("code", "kind", "text"), TROUBLES, ids=[errno.errorcode[row[0]] for row in TROUBLES]
)
def test_the_disks_words_and_the_way_out(code: int, kind: type[ServiceError], text: str) -> None:
    with pytest.raises(ServiceError) as caught, told("it cannot be made"):
        raise OSError(code, os.strerror(code), "/a/b.jpg")
    assert type(caught.value) is kind
    assert str(caught.value) == text
