"""The photos of a Piwigo gallery, versions 14 to 17."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import ClassVar

import msgspec

from ...errors import Denied, Rejected, Stale, Unavailable, UsageError
from ...model import Album, Field, Metadata, Photo
from ...service import Capabilities, Check, Look, Original, Service, Source, Unread
from . import words
from .albums import Tree, checked_levels
from .catalogue import Catalogue, Row
from .files import checked, checksum
from .gallery import Gallery
from .overview import Overview
from .words import Info
from .writer import Writer

__all__ = ["Piwigo"]

OLDEST, NEWEST = 14, 17
CONNECTIONS = 2  # more uploads at once may lock the gallery up: each makes it call itself
READS = 4  # questions at once, which do no such thing
MAP = "piwigo-openstreetmap"
# Plug-ins that are known not to change what lists show.
QUIET = frozenset({"AdminTools", "LocalFilesEditor", "TakeATour"})
HELD = frozenset(
    {Field.CONTENT, Field.TITLE, Field.CAPTION, Field.TAGS, Field.TAKEN, Field.CREATOR}
)


class _Added(msgspec.Struct):
    id: int


class _Plugin(msgspec.Struct):
    id: str
    state: str


class Piwigo(Service):
    """A gallery, as one of its administrators sees it.

    A photo stands in as many albums as people like. Taken out of the last one it becomes what
    Piwigo calls an orphan: it is in no album and seen by no visitor, but kept; nothing here ever
    destroys a photo. A picture that is replaced is gone, though.
    """

    settings: ClassVar[Mapping[str, str]] = {
        "url": "where the gallery is, like https://photos.example.org/piwigo",
        "user": "an administrator's name",
        "password": "the administrator's password",
        "api_key": "instead of user and password, from Piwigo 16 on: the key's id, a colon, secret",
        "allow_newer": "yes to write also to versions that are not known yet",
    }
    required: ClassVar[frozenset[str]] = frozenset({"url"})
    secrets: ClassVar[frozenset[str]] = frozenset({"password", "api_key"})

    @classmethod
    def configure(cls, name: str, settings: Mapping[str, str]) -> Piwigo:
        """The gallery that a section of the configuration file describes; logs in."""
        user, password = settings.get("user", ""), settings.get("password", "")
        if "api_key" in settings:
            user, _, password = settings["api_key"].partition(":")
            if not password:
                raise UsageError(f"api_key of [{name}] must be the key's id, a colon, its secret")
        if not (user and password):
            raise UsageError(f"[{name}] needs user and password, or an api_key")
        newer = settings.get("allow_newer", "no")
        if newer not in ("yes", "no"):
            raise UsageError(f"allow_newer = {newer} in [{name}]: it must be yes or no")
        return cls(name, settings["url"], user, password, allow_newer=newer == "yes")

    def __init__(
        self, name: str, url: str, user: str, password: str, *, allow_newer: bool = False
    ) -> None:
        self.name = name
        self._gallery = Gallery(url, user, password, who=name, connections=READS)
        self._catalogue = Catalogue(self._gallery)
        self._overview: Overview | None = Overview(self._gallery, self._catalogue)
        self._making_albums = Lock()
        self._creating = [Lock() for _ in range(16)]
        try:
            self.capabilities = self._capabilities(allow_newer)
        except BaseException:
            self.close()
            raise
        self._writer = Writer(self._gallery, self._catalogue, self.capabilities.writes)

    def _capabilities(self, allow_newer: bool) -> Capabilities:
        status = self._gallery.status
        if status.major < OLDEST:
            raise Denied(f"{self.name} is Piwigo {status.version}; {OLDEST} or newer is needed")
        plugins = self._gallery.ask("pwg.plugins.getList", list[_Plugin])
        active = {plugin.id for plugin in plugins if plugin.state == "active"}
        if active - QUIET:
            self._overview = None
        fields = HELD | {Field.LOCATION} if MAP in active else HELD
        closed = ""
        if status.major > NEWEST and not allow_newer:
            closed = (
                f"{self.name} is Piwigo {status.version}, newer than this img-sync: nothing is"
                " written to it; update img-sync, or set allow_newer = yes"
            )
        return Capabilities(
            reads=fields,
            writes=fields,
            many=True,
            top=False,
            precise=False,
            digest="md5",
            formats=frozenset(status.upload_file_types.lower().split(",")),
            closed=closed,
            connections=CONNECTIONS,
        )

    def normal(self, metadata: Metadata) -> Metadata:
        return words.normal(metadata, self.capabilities.reads)

    # Looking

    def albums(self) -> Iterator[Album | Unread]:
        yield from self._catalogue.tree().listed()

    def photos(self, album: Album, look: Look) -> Iterator[Photo | Unread]:
        def read() -> tuple[list[Photo], list[Photo]]:
            return self._photos(album, look)

        def proof(found: tuple[list[Photo], list[Photo]]) -> list[Photo]:
            photos, alike = found
            if not alike:
                return self._gallery.known_to_us(photos)
            return photos + list(self._same_files(album, alike))

        yield from self._gallery.believed(read, proof)

    def open(self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()) -> Original:
        info = self._info(photo)
        if self._photo(info).content != photo.content:
            raise Stale(f"{photo.name} shows another picture in {self.name} than it did")
        stream, size = self._gallery.fetch(info.element_url)
        if size is None:
            stream.close()
            raise Unavailable(f"{self.name} does not tell how long the file of {photo.name} is")
        return Original(checked(stream, info.md5sum or "", photo.name), size)

    # Writing

    def create_album(self, path: str) -> Album:
        self._begin_to_write()
        levels = checked_levels(path)
        with self._making_albums:
            id = self._make_album(self._catalogue.tree(), levels)
        return Album(ref=str(id), path=path)

    def create(self, album: Album, source: Source) -> Photo:
        self._begin_to_write()
        name = words.checked_file(source.name, self.capabilities.formats or ())
        self._writer.form(source.metadata, name)  # Rejected before a byte is read
        md5 = checksum(source)
        with self._creating[int(md5[0], 16)]:  # two files of the same bytes are one photo
            id = self._catalogue.ids([md5])[md5]
            if id is None:
                id = self._writer.add(album, source, name, md5)
            else:
                self._writer.put_in(id, album)
        info = self._catalogue.sure_info(id, album)
        if info is None:
            raise Rejected(f"{source.name} is in {self.name}, where this user cannot see it")
        return self._photo(info)

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        self._begin_to_write()
        old = self._as_listed(album, photo)
        if _suffix(source.name) != _suffix(photo.name):
            raise Rejected(f"{self.name} would go on showing {source.name} as {photo.name}")
        said = photo.metadata.but(source.metadata, self.capabilities.writes)
        self._writer.form(said, photo.name)  # Rejected before a byte is read
        self._writer.replace(old, source, said, checksum(source))
        return self._photo(self._info(photo))

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        """A place cannot be taken away: the photo then still shows it."""
        self._begin_to_write()
        beyond = fields - self.capabilities.writes
        if beyond:
            raise Rejected(f"{self.name} does not hold the {', '.join(sorted(beyond))}")
        form = words.form(metadata, fields, photo.name)
        info = self._as_listed(album, photo)
        if form or Field.TAGS in fields:
            self._writer.set(info, form, metadata.tags if Field.TAGS in fields else None)
        return self._photo(self._info(photo))

    def delete(self, album: Album, photo: Photo) -> None:
        self._begin_to_write()
        try:
            info = self._as_listed(album, photo)
        except _Absent:
            return
        self._writer.take_out(info, album)

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        self._begin_to_write()
        name = words.checked_file(name, self.capabilities.formats or ())
        info = self._as_listed(album, photo)
        if name != photo.name:
            self._writer.set(info, {"file": words.escaped(name)})
        if to.ref != album.ref:
            self._writer.put_in(info.id, to)
            try:
                self._writer.take_out(info, album)
            except Rejected:
                self._writer.take_out(info, to)
                raise
        return self._photo(self._info(photo))

    def move_album(self, album: Album, path: str) -> Album:
        self._begin_to_write()
        levels = checked_levels(path)
        with self._making_albums:
            tree = self._catalogue.tree()
            old = tree.paths.get(int(album.ref))
            if old is None:
                raise Stale(f"the album {album.path} is gone from {self.name}")
            if path.startswith(f"{old}/") or tree.at(path) not in (None, int(album.ref)):
                raise Rejected(f"{self.name} cannot move the album {album.path} to {path}")
            self._move_album(tree, int(album.ref), levels)
        return Album(ref=album.ref, path=path)

    def close(self) -> None:
        self._gallery.close()

    # Albums

    def _make_album(self, tree: Tree, levels: list[str]) -> int:
        """The album at a path, 0 for the top; makes it, and those above it that are not there."""
        above = 0
        for depth, level in enumerate(levels, 1):
            id = tree.at("/".join(levels[:depth]))
            if id is None:
                parent = {"parent": str(above)} if above else {}
                form = {"name": level, "position": "last", **parent}
                id = self._gallery.ask("pwg.categories.add", _Added, form, once=True).id
            above = id
        return above

    def _move_album(self, tree: Tree, id: int, levels: list[str]) -> None:
        node = tree.nodes[id]
        *above, name = levels
        private = tree.private_above(above)
        if private and node.status == "public":
            raise Rejected(
                f"{private} is private in {self.name}: an album that is moved into it would be"
                " hidden from this user too; move it in the gallery"
            )
        parent = self._make_album(tree, above)
        form = {"category_id": str(id)}
        if parent != node.parent:
            self._gallery.ask("pwg.categories.move", object, {**form, "parent": str(parent)})
        if name != node.level:
            self._gallery.ask("pwg.categories.setInfo", object, {**form, "name": name})

    # Photos

    def _photos(self, album: Album, look: Look) -> tuple[list[Photo], list[Photo]]:
        """What the album lists, and what it does not list though it was known to and still is.

        Second: those that are as they were known, if only their files are the same.
        """
        rows = self._catalogue.rows(album)
        names = {row.id: words.shown_file(row.file) for row in rows}
        for ref, known in look.known.items():
            if ref.isdecimal():
                names.setdefault(int(ref), known.name)
        ids = {id for id, name in names.items() if not look.hides(name)}
        alike = list(self._as_known([row for row in rows if row.id in ids], look))
        rest = ids - {int(photo.ref) for photo in alike}
        with ThreadPoolExecutor(READS) as pool:
            infos = [info for info in pool.map(self._catalogue.info, sorted(rest)) if info]
        return [self._photo(info) for info in infos if int(album.ref) in info.albums], alike

    def _as_known(self, rows: list[Row], look: Look) -> Iterator[Photo]:
        """The photos that lists show as they were known; their files are not looked at."""
        if self._overview is None or look.check is not Check.CHANGED:
            return
        known = {int(ref): photo for ref, photo in look.known.items() if ref.isdecimal()}
        asked = [row for row in rows if row.id in known]
        for info in self._overview.infos(asked):
            photo = known[info.id]
            info.md5sum = photo.content.removeprefix("md5:")
            if info.md5sum and self._photo(info).version == photo.version:
                yield photo

    def _same_files(self, album: Album, photos: list[Photo]) -> Iterator[Photo]:
        """Those photos as they are now; those whose files are the same are taken as they are."""
        md5s = {photo.ref: photo.content.removeprefix("md5:") for photo in photos}
        ids = self._catalogue.ids(list(md5s.values()))
        for photo in photos:
            if ids.get(md5s[photo.ref]) == int(photo.ref):
                yield photo
            elif info := self._catalogue.sure_info(int(photo.ref), album):
                yield self._photo(info)

    def _photo(self, info: Info) -> Photo:
        md5 = f"md5:{info.md5sum}" if info.md5sum else ""
        photo = Photo(
            ref=str(info.id),
            name=words.shown_file(info.file),
            content=md5,
            digests=frozenset([md5] if md5 else []),
            metadata=words.shown(info, self.capabilities.reads),
        )
        said = msgspec.json.encode(photo, order="deterministic")
        return msgspec.structs.replace(photo, version=hashlib.sha256(said).hexdigest()[:32])

    def _info(self, photo: Photo, album: Album | None = None) -> Info:
        """What the gallery says of a photo now; raises Stale if it is gone, or not in the album."""
        info = None
        if photo.ref.isdecimal():
            info = self._catalogue.sure_info(int(photo.ref), album)
        if info is None:
            where = f"{album.path} in {self.name}" if album else self.name
            raise _Absent(f"{photo.name} is gone from {where}")
        return info

    def _as_listed(self, album: Album, photo: Photo) -> Info:
        """What the gallery says of a photo; raises Stale if that is not what was listed."""
        info = self._info(photo, album)
        now = self._photo(info)
        if now.content != photo.content or (photo.version and now.version != photo.version):
            raise Stale(f"{photo.name} in {album.path} has changed since {self.name} listed it")
        return info

    def _begin_to_write(self) -> None:
        if self.capabilities.closed:
            raise Rejected(self.capabilities.closed)
        if self._overview:
            self._overview.forget()


class _Absent(Stale):
    """The photo is not in the album, or not in the gallery."""


def _suffix(name: str) -> str:
    suffix = name.rpartition(".")[2].lower()
    return "jpg" if suffix == "jpeg" else suffix
