"""Immich, 1.135 to 3.x: flat albums that share their photos, with tags, captions and places."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from typing import ClassVar

from ...errors import Denied, Rejected, Stale, UsageError
from ...model import Album, Field, Metadata, Photo
from ...service import Capabilities, Look, Original, Service, Source
from . import answers
from .answers import Asset
from .api import NEWEST, Api
from .listing import UNSORTED, Listing
from .naming import Naming
from .settling import Editor, Pace
from .uploads import HELD, Uploads

__all__ = ["Immich", "Pace"]

_CONNECTIONS = 4
# bytes; PostgreSQL indexes tags, and no entry of such an index has more than 2,704
_LONGEST_TAG = 2000


class Immich(Service):
    """The library of whoever owns the API key.

    An album's ref is its id, a photo's that of its asset. A photo's version is when the server
    touched it last, and a hash of what it shows.
    """

    settings: ClassVar[Mapping[str, str]] = {
        "url": "where the server is",
        "api_key": "a key made in its account settings",
        "album": "the name of a folder's album, with {path} for the folder's path",
        "follow_album_names": "yes: renaming an album there renames its folder here",
        "unsorted": "a folder for photos that are in no album; without it they are left alone",
        "allow_newer": "yes: also write to a version that this img-sync does not know yet",
    }
    required: ClassVar[frozenset[str]] = frozenset({"url", "api_key"})
    secrets: ClassVar[frozenset[str]] = frozenset({"api_key"})

    @classmethod
    def configure(cls, name: str, settings: Mapping[str, str]) -> Immich:
        """Asks the server for its version and formats."""
        naming = Naming(name, settings.get("album", "{path}"), settings.get("unsorted", ""))
        follow = _is_on(name, settings, "follow_album_names")
        allow_newer = _is_on(name, settings, "allow_newer")
        api = Api.connect(name, settings["url"], settings["api_key"], _CONNECTIONS)
        try:
            return cls(name, api, naming=naming, follow=follow, allow_newer=allow_newer)
        except BaseException:
            api.close()
            raise

    def __init__(
        self,
        name: str,
        api: Api,
        *,
        naming: Naming | None = None,
        follow: bool = False,
        allow_newer: bool = False,
        pace: Pace | None = None,
    ) -> None:
        self.name = name
        formats = api.formats()
        self.capabilities = Capabilities(
            reads=HELD | {Field.CONTENT},
            writes=HELD | {Field.CONTENT},
            renames=False,
            leads=follow,
            nested=False,
            many=True,
            top=False,
            precise=False,
            digest="sha1",
            formats=formats,
            closed="" if allow_newer else _too_new(name, api),
            connections=_CONNECTIONS,
        )
        self._api = api
        self._naming = naming or Naming(name)
        self._editor = Editor(api, name, pace or Pace())
        self._listing = Listing(api, _CONNECTIONS)
        self._uploads = Uploads(api, self._editor, name, formats)
        self._lock = threading.Lock()

    def normal(self, metadata: Metadata) -> Metadata:
        return self._api.normal(metadata)

    # Looking

    def albums(self) -> Iterator[Album]:
        """The user's own albums, and the one of what is in none where that was asked for."""
        yield from self._naming.albums(self._api.albums())

    def photos(self, album: Album, look: Look) -> Iterator[Photo]:
        return self._listing.photos(album.ref, look)

    def open(self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()) -> Original:
        """Reading to the end raises Unavailable if the bytes are not those of the checksum."""
        asset = self._there(photo)
        stream, size = self._api.original(asset.id, photo.content)
        return Original(stream, size or asset.exif.file_size_in_byte or photo.size)

    def room(self) -> int | None:
        try:
            return self._api.room()
        except Denied:
            return None  # the key may not ask

    # Writing

    def create_album(self, path: str) -> Album:
        self._check_writable()
        name = self._naming.name(path)
        with self._lock:
            there = {album.path: album for album in self.albums()}
            return there.get(path) or Album(self._api.make_album(name).id, path)

    def expect(self, photos: Collection[Photo]) -> None:
        self._uploads.expect(photos)

    def create(self, album: Album, source: Source) -> Photo:
        """A picture that the library has already joins the album; its metadata are completed."""
        self._check_writable()
        self._check_tags(source.metadata)
        return answers.photo(self._uploads.create(album.ref, source))

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        self._check_writable()
        self._check_tags(source.metadata)
        return answers.photo(self._uploads.replace(self._as_listed(photo), source))

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        """What the file itself says cannot be cleared: the photo then still shows it."""
        self._check_writable()
        if not fields <= HELD:
            raise Rejected(f"{self.name} does not hold the {', '.join(sorted(fields - HELD))}")
        if Field.TAGS in fields:
            self._check_tags(metadata)
        asset = self._as_listed(photo)
        return answers.photo(self._editor.edit(asset, metadata, fields))

    def delete(self, album: Album, photo: Photo) -> None:
        """Takes the photo out of the album; into the trash if it stands in no other."""
        self._check_writable()
        asset = self._api.asset(photo.ref)
        if asset is None or asset.is_trashed:
            return
        albums = self._albums_of(photo)
        if album.ref not in albums:
            return
        self._check_listed(asset, photo)
        if len(albums) > 1:
            self._api.leave(album.ref, photo.ref)
        else:
            self._api.trash(photo.ref)

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        """Puts the photo into the other album and takes it out of this one; other albums keep it.

        It stands in both for a moment, so that it never looks as if it were in none.
        """
        self._check_writable()
        if name != photo.name:
            raise Rejected(f"{self.name} cannot rename photos: {photo.name}")
        asset = self._as_listed(photo)
        if to.ref != album.ref:
            self._check_unsorted(album, photo, to)
            self._uploads.join(to.ref, asset.id)
            if album.ref != UNSORTED:
                self._api.leave(album.ref, asset.id)
        return answers.photo(asset)

    def move_album(self, album: Album, path: str) -> Album:
        self._check_writable()
        name = self._naming.name(path)
        if album.ref == UNSORTED or path in {a.path for a in self.albums() if a.ref != album.ref}:
            raise Rejected(f"{self.name} cannot rename the album {album.path} to {path}")
        self._api.rename_album(album.ref, name)
        return Album(album.ref, path)

    def close(self) -> None:
        self._api.close()

    # What is there

    def _check_writable(self) -> None:
        if self.capabilities.closed:
            raise Rejected(self.capabilities.closed)

    def _check_tags(self, metadata: Metadata) -> None:
        """Raises Rejected for a tag that would make calls fail as if the server had trouble."""
        for tag in metadata.tags:
            if len(tag.encode(errors="replace")) > _LONGEST_TAG:
                raise Rejected(f"{self.name} takes no tag of {len(tag)} letters: {tag[:40]}...")

    def _check_unsorted(self, album: Album, photo: Photo, to: Album) -> None:
        """Raises Rejected where a photo would not get into the album of what is in no album."""
        others = self._albums_of(photo) - {album.ref} if to.ref == UNSORTED else set()
        if others:
            raise Rejected(f"{photo.name} stands in other albums of {self.name}, too: see there")

    def _albums_of(self, photo: Photo) -> set[str]:
        return {each.id for each in self._api.albums(of=photo.ref)} or {UNSORTED}

    def _there(self, photo: Photo) -> Asset:
        """The asset of a photo, if it still has its picture."""
        asset = self._api.asset(photo.ref)
        if asset is None or asset.is_trashed:
            raise Stale(f"{photo.name} is gone from {self.name}: run again")
        if answers.sha1(asset) != photo.content:
            raise Stale(f"{photo.name} of {self.name} shows another picture by now: run again")
        return asset

    def _as_listed(self, photo: Photo) -> Asset:
        asset = self._there(photo)
        self._check_listed(asset, photo)
        return asset if answers.is_extracted(asset) else self._editor.extracted(asset.id)

    def _check_listed(self, asset: Asset, photo: Photo) -> None:
        now = answers.photo(asset)
        if photo.version and answers.shown(photo.version) != answers.shown(now.version):
            raise Stale(f"{photo.name} of {self.name} has changed since it was listed: run again")


def _too_new(name: str, api: Api) -> str:
    """Why nothing is written to a version that is not known; "" where it is."""
    if api.version.major <= NEWEST:
        return ""
    return (
        f"{name} is Immich {api.version}, newer than this img-sync: nothing is written to it;"
        " update img-sync, or set allow_newer = yes"
    )


def _is_on(name: str, settings: Mapping[str, str], key: str) -> bool:
    value = settings.get(key, "no").lower()
    if value not in ("yes", "no"):
        raise UsageError(f"{key} = {value} of {name}: it must be yes or no")
    return value == "yes"
