"""Looks at the photos of a folder, and reads those that are not as they were last seen."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import Rejected
from ...metadata import sidecars
from ...model import Photo
from ...service import Check, Look, Unread
from .jobs import Job, Reading
from .nearby import names_near
from .tree import Entry, Stamp, list_folder

if TYPE_CHECKING:
    from .readings import Readings
    from .workers import Workers

__all__ = ["Scanner", "find", "find_orphan"]

# The coarsest clock of a file system in use: FAT's, in nanoseconds. Within one tick of it a file
# can change and still look the same.
_GRAIN = 2_000_000_000


def find(folder: Path, name: str) -> Entry:
    """The photo of that name. Raises OSError, and Rejected if that is no file."""
    status = (folder / name).stat()
    if not stat.S_ISREG(status.st_mode):
        raise Rejected(f"{folder / name} is no file")
    own = sidecars.owners(names_near(folder, name)).get(name)
    if not own:
        return Entry(name, str(Stamp.of(status)))
    return Entry(name, str(Stamp.of(status)), own, str(Stamp.of((folder / own[0]).stat())))


def find_orphan(folder: Path, name: str) -> str:
    """The sidecar that spoke for a photo which is gone, if it speaks for none now; else "".

    Raises OSError.
    """
    near = names_near(folder, name)
    owned = {sidecar for own in sidecars.owners(near).values() for sidecar in own}
    had = () if name in near else sidecars.owners([*near, name])[name]
    return next((sidecar for sidecar in had if sidecar not in owned), "")


class Scanner:
    """Reads photos for the tree at `top`, with up to `jobs` processes.

    `resumes`: it keeps what it reads until that is remembered, and goes on where a run was stopped.
    """

    def __init__(self, top: str, jobs: int, sums: tuple[str, ...], *, resumes: bool) -> None:
        self._top = top
        self._resumes = resumes
        self._sums = sums
        self._jobs = jobs
        self._racy: dict[Path, set[str]] = {}

    def photos(self, folder: Path, look: Look) -> Iterator[Photo | Unread]:
        """The photos in a folder, by name; what must be read is begun with at once.

        Raises OSError if the folder cannot be read.
        """
        listing = list_folder(os.fspath(folder), self._top)
        self._racy.pop(folder, None)
        found = [each for each in listing.entries() if not look.hides(each.name)]
        jobs = {
            each.name: job
            for each in found
            if isinstance(each, Entry)
            and (job := self._job(folder, each, look.known.get(each.name), look.check))
        }
        kept = self._kept(found, jobs) if jobs and look.check is not Check.ALL else {}
        asked = [job for name, job in jobs.items() if name not in kept]
        readings = self._workers.read(asked) if asked else iter(())

        def shown(each: Entry | Unread) -> Photo | Unread:
            if isinstance(each, Unread):
                return each
            known = look.known.get(each.name)
            if known and each.name not in jobs:
                return known
            if each.name in kept:
                return self._shown(folder, each, kept[each.name], known)
            reading = next(readings)
            if known is None or known.version != each.version:
                self._keep(jobs[each.name], reading)
            return self._shown(folder, each, reading, known)

        return map(shown, found)

    def again(
        self, folder: Path, name: str, known: Photo | None = None, *, written: bool = True
    ) -> Photo:
        """The photo of that name, just `written`, or moved; the picture of `known` is its.

        One that was written is not racy, as young as it is: what is written to it later is written
        later than the file that was made complete under another name. Raises OSError, and Rejected
        if it cannot be read.
        """
        from .reader import read  # late: most runs read nothing themselves

        entry = find(folder, name)
        trusted = known and _is_complete(known, ()) and not self._sums
        job = _job(folder, entry, picture=not trusted, sums=self._sums)
        photo = self._shown(folder, entry, read(job), known)
        if isinstance(photo, Unread):
            raise Rejected(f"{folder / name} {photo.why}")
        if written:
            self._racy.get(folder, set()).discard(name)
        return photo

    def follow(self, folder: Path, final: Path) -> None:
        """A folder was moved, with all that is in it."""
        self._racy = {
            final / path.relative_to(folder) if path.is_relative_to(folder) else path: names
            for path, names in self._racy.items()
        }

    @property
    def has_racy(self) -> bool:
        """Whether there is any photo that is racy."""
        return bool(self._racy)

    def racy(self, folder: Path, name: str) -> bool:
        """Whether the photo may have changed, unseen, since it was last read here."""
        return name in self._racy.get(folder, ())

    def close(self) -> None:
        """Ends the processes, and keeps what they have read."""
        if "_workers" in self.__dict__:
            self._workers.close()
        if "_readings" in self.__dict__ and self._readings is not None:
            self._readings.close()

    def _kept(self, found: Iterable[Entry | Unread], jobs: Mapping[str, Job]) -> dict[str, Reading]:
        """What a run before this one has read, and nobody remembers."""
        if self._readings is None:
            return {}
        return {
            each.name: reading
            for each in found
            if isinstance(each, Entry)
            and (job := jobs.get(each.name))
            and job.picture
            and (reading := self._readings.find(job, each))
        }

    def _keep(self, job: Job, reading: Reading) -> None:
        sure = not reading.trouble and not _is_racy(reading)
        if self._readings is not None and job.picture and sure:
            self._readings.add(job, reading)

    @cached_property
    def _readings(self) -> Readings | None:
        from .readings import readings_of  # late, as the workers

        return readings_of(Path(self._top)) if self._resumes else None

    @cached_property
    def _workers(self) -> Workers:
        from .workers import Workers  # late: most runs start no processes

        return Workers(self._jobs)

    def _job(self, folder: Path, entry: Entry, known: Photo | None, check: Check) -> Job | None:
        """What has to be read; None where all that is known is believed."""
        full = _job(folder, entry, picture=True, sums=self._sums)
        if known is None or check is Check.ALL or not _is_complete(known, self._sums):
            return full
        if known.version.split(":")[:2] != entry.stamp.split(":"):
            return full
        if check is Check.CHANGED and known.version == entry.version:
            return None
        return _job(folder, entry, picture=False)

    def _shown(
        self, folder: Path, entry: Entry, reading: Reading, known: Photo | None
    ) -> Photo | Unread:
        name = entry.name
        if reading.trouble:
            return Unread(name, name, reading.trouble)
        if _is_racy(reading):
            self._racy.setdefault(folder, set()).add(name)
        else:
            self._racy.get(folder, set()).discard(name)
        old = known if known and not reading.content else None
        seen = Entry(name, str(reading.stamp), entry.sidecars, str(reading.sidecar))
        return Photo(
            ref=name,
            name=name,
            version=seen.version,
            content=old.content if old else reading.content,
            size=reading.stamp.size,
            digests=old.digests if old else reading.digests,
            metadata=reading.metadata,
        )


def _job(folder: Path, entry: Entry, *, picture: bool, sums: tuple[str, ...] = ()) -> Job:
    sidecar = os.fsencode(f"{folder}/{entry.sidecar}") if entry.sidecar else None
    return Job(os.fsencode(f"{folder}/{entry.name}"), sidecar, picture, sums)


def _is_racy(reading: Reading) -> bool:
    """Whether the file had changed so shortly before that it could change once more, unseen."""
    changed = max(stamp.changed for stamp in (reading.stamp, reading.sidecar) if stamp)
    return changed > reading.clock - _GRAIN


def _is_complete(known: Photo, sums: tuple[str, ...]) -> bool:
    """Whether its picture was digested, with all the checksums that are wanted."""
    kinds = {checksum.partition(":")[0] for checksum in known.digests}
    return bool(known.content) and kinds.issuperset(sums)
