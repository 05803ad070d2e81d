"""The contract between img-sync and the places that hold photos.

A *service* holds *albums*, an album holds *photos*. A service names each by a *ref* that only it
understands, says in its *capabilities* what it can do, and does what it is told: it holds no
retry, no dry run and no rule of syncing. `services/memory.py` is the shortest complete one, and
`imgsync.testing.conformance` the suite that every service runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import BinaryIO

import msgspec

from .errors import Rejected
from .model import Album, Field, Metadata, Photo

__all__ = ["Capabilities", "Check", "Look", "Original", "Service", "Source", "Unread"]

EVERY_FIELD = frozenset(Field)


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a service can do, as plain data: all that the planner knows of it.

    `reads`: fields whose values it shows; the others are neither compared nor agreed.
    `writes`: fields that can be changed; CONTENT is replacing the picture of a photo.
    `create`, `delete`: photos can be added, and put into a trash.
    `moves`: a photo can get into another album without being sent again.
    `renames`: a photo can get another file name; if not, each side keeps its own.
    `moves_albums`: an album can get another path.
    `leads`: an album that was moved there moves here too; if not, its path there is no news.
    `nested`: albums stand in albums and move with them. `many`: a photo can be in several albums.
    `top`: photos can stand at the top, in the album "". If not, the top folder's name is used.
    `whole`: all its albums are meant to be here: a run both ways brings those that are new there.
    `exact`: gives back the very bytes it was given; if not, its pictures never replace others.
    `precise`: shows times and places digit by digit as they were said; if not, a difference
        within the tolerance of `model.same` is noise and no edit.
    `strips`: suffixes of the files from whose bytes `open` can leave fields out.
    `no_trash`: why nothing can be put into a trash, so that nothing is deleted or replaced.
    `digest`: the whole-file checksum it shows ("sha1", "md5"), "" for none.
    `formats`: file name suffixes it takes ("jpg"), None for all.
    `closed`: why nothing at all is written to it, whatever else is said here; "" if it is open.
    `connections`: how many calls it bears at once, from as many threads; `open`, and reading what
        it gave, may come besides them.
    """

    reads: frozenset[Field] = EVERY_FIELD
    writes: frozenset[Field] = EVERY_FIELD
    create: bool = True
    delete: bool = True
    moves: bool = True
    renames: bool = True
    moves_albums: bool = True
    leads: bool = True
    nested: bool = True
    many: bool = False
    top: bool = True
    whole: bool = False
    exact: bool = True
    precise: bool = True
    strips: frozenset[str] = frozenset()
    no_trash: str = ""
    digest: str = ""
    formats: frozenset[str] | None = None
    closed: str = ""
    connections: int = 1


class Check(StrEnum):
    """How far `photos` believes what is known of a photo that looks unchanged."""

    CHANGED = "changed"  # all of it
    METADATA = "metadata"  # the picture, not the metadata
    ALL = "all"  # nothing


class Unread(msgspec.Struct, frozen=True):
    """An album or a photo that is there and could not be looked at: never taken as absent.

    `name` is the photo's file name, or the album's path; `why` a sentence for people.
    """

    ref: str
    name: str
    why: str


def _nothing_hidden(name: str) -> bool:
    return False


def _as_said(metadata: Metadata) -> Metadata:
    return metadata


class Look(msgspec.Struct, frozen=True):
    """How an album is to be looked at.

    `known`: photos by ref, as they were last seen. One that is still at a known version (and
        that version is not "") may be given back as it was known, as far as `check` allows.
    `hides`: file names that are to be passed over as if they were not there.
    """

    known: Mapping[str, Photo] = {}
    check: Check = Check.CHANGED
    hides: Callable[[str], bool] = _nothing_hidden


class Original(msgspec.Struct):
    """A photo's file, opened for reading. Whoever gets one closes it.

    `sidecars`: the bytes of the XMP files that belong to it alone, the one that speaks for it
        first, by how their names go on: "+.xmp" for a.jpg.xmp, ".xmp" for a.xmp.
    `written`: when the file was last written to, in ns since 1970; 0 where that is not known.
    """

    stream: BinaryIO
    size: int
    sidecars: Mapping[str, bytes] = {}
    written: int = 0

    def __enter__(self) -> Original:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()


class Source(msgspec.Struct, frozen=True):
    """A photo to be created, or to replace another's picture.

    `name`: the file name it should get. Where that is taken the service finds a free one.
    `metadata`: what the photo is to show afterwards, whatever its bytes say.
    `photo`: as the side that has it shows it (content, digests, size).
    `open`: its file; may be called again, to send it once more.
    `shown`: what that side would show of something. Words in the bytes stay of which it would
        show what `metadata` says: it holds less than they say.
    """

    name: str
    metadata: Metadata
    photo: Photo
    open: Callable[[], Original]
    shown: Callable[[Metadata], Metadata] = _as_said


class Service(ABC):
    """A place that holds albums of photos.

    Every call may raise the errors of `imgsync.errors`; `Rejected` and `Stale` concern the one
    photo only. Metadata goes out cleaned (`Metadata.clean`). Every call that writes

    - gives back the photo as the service shows it afterwards, which may be less than was asked;
    - raises Stale, and changes nothing, if the photo is no longer as `photo` says (where the
      service lets us know);
    - leaves the old or the new behind, never a half, and may be asked for again after a crash.
    """

    name: str
    capabilities: Capabilities = Capabilities()

    def normal(self, metadata: Metadata) -> Metadata:
        """How this service would show `metadata`, if it were told so. Pure and idempotent.

        It may show the elements of a set in other spellings that have the same normal form.
        """
        return metadata

    @abstractmethod
    def albums(self) -> Iterator[Album | Unread]:
        """All albums, an album before those below it. An Unread hides all that is below it."""

    def fingerprint(self, album: Album) -> str:
        """`model.fingerprint` of the photos as `photos` would list them now; "" if not known.

        Only for services that know it without reading a photo.
        """
        return ""

    def describe(self, album: Album) -> Mapping[str, str]:
        """What people say of an album, by a word for it ("caption"), for a listing.

        It is shown, and neither compared nor carried.
        """
        return {}

    @abstractmethod
    def photos(self, album: Album, look: Look) -> Iterator[Photo | Unread]:
        """The photos of an album. A photo that could not be read is given as Unread.

        An album that is gone raises Stale, at the call or at the first photo: it never looks
        empty. Work may begin at the call, so that one album is read while others are looked at.
        """

    def racy(self, album: Album, photo: Photo) -> bool:
        """Whether a photo was read so soon after a change that a later one could leave no trace.

        Its version is not to be believed the next time.
        """
        return False

    def left_behind(self, album: Album, past: Photo, to: Album, now: Photo) -> str:
        """Why a photo that is now in `to` says less than it did when it was `past` in `album`.

        A sentence for people, with the way out, where what was said of it has not gone along and
        belongs to no other photo; "" where nothing stayed behind.
        """
        return ""

    @abstractmethod
    def open(self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()) -> Original:
        """The photo's file; raises Stale if its picture is no longer the one of `photo`.

        `without` (only for files among the capability `strips`): fields that the bytes must not
        tell.
        """

    def identify(self, original: Original, name: str) -> str:
        """The `content` that a photo of another service would have here; keeps nothing of it.

        The file is read to its end. Raises Rejected if it is not as long as it says, and where
        contents mean nothing elsewhere: only services that show picture digests know better.
        """
        raise Rejected(f"{self.name} cannot compare pictures")

    def fitting(self, path: str) -> str:
        """The path that a new album gets which is called `path` elsewhere. Pure."""
        return path

    @abstractmethod
    def create_album(self, path: str) -> Album:
        """The album at `path`; made if it is not there, and where `nested` those above it."""

    def expect(self, photos: Collection[Photo]) -> None:
        """Tells which photos, as another service shows them, `create` will be asked for next.

        Only for services that can look them up all at once. `create` is asked for them all the
        same where this raises Rejected.
        """

    @abstractmethod
    def create(self, album: Album, source: Source) -> Photo:
        """Adds a photo. Asked for again with the same bytes and name, it makes no second one.

        A photo that was there already may keep what it says; it is given back as it is. Raises
        Rejected, and keeps nothing, if the file has not as many bytes as its size says.
        """

    @abstractmethod
    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        """Gives the photo another picture, and the source's metadata. The old goes to the trash."""

    @abstractmethod
    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        """Sets `fields` to what `metadata` says; an empty value clears. Other fields stay."""

    @abstractmethod
    def delete(self, album: Album, photo: Photo) -> None:
        """Puts the photo into the trash. One that is gone already is no error."""

    @abstractmethod
    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        """Gives the photo another album and file name; a free one like it where it is taken.

        The album stays where it does not do `moves`, the name where it does not do `renames`.
        """

    @abstractmethod
    def move_album(self, album: Album, path: str) -> Album:
        """Gives the album another path; albums below it go along where `nested`.

        Refs of the albums below may change: they are to be listed again. Raises Rejected or Stale
        if there is an album at that path.
        """

    def room(self) -> int | None:
        """How many bytes of pictures can still be added; None where nothing says so."""
        return None

    def hold(self, album: Album) -> AbstractContextManager[None]:
        """Keeps other runs of img-sync from writing to the album, as far as the service can.

        Everything that writes to an album is asked for while it is held. Raises StateError
        if another run holds it.
        """
        return nullcontext()

    def close(self) -> None:
        """Lets go of connections and files. Nothing may be asked afterwards."""
