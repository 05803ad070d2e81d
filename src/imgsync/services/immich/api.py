"""The calls to Immich's API that img-sync makes, one method each, for 1.135 to 3.x."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

import msgspec

from ...errors import Denied, Stale, UsageError
from ...model import NOTHING_SAID, Field, Metadata
from ..http import NONSENSE, Declined, Http, Part, said
from .answers import AlbumAnswer, Asset, Page, Search, Tag, Twin, Uploaded, Version, normal

__all__ = ["NEWEST", "Api"]

OLDEST = (1, 135)
NEWEST = 3  # the newest major version that this was written for
PAGE = 1000  # the most that a search gives at once
MANY = 1000  # how many photos are asked about at once


class _WellKnown(msgspec.Struct):
    class _Api(msgspec.Struct):
        endpoint: str

    api: _Api


class _Checked(msgspec.Struct):
    results: list[Twin]


class _MediaTypes(msgspec.Struct):
    image: list[str]
    video: list[str]


class _Quota(msgspec.Struct, rename="camel"):
    quota_size_in_bytes: int | None = None
    quota_usage_in_bytes: int | None = None


class _Counts(msgspec.Struct):
    active: int = 0
    waiting: int = 0
    delayed: int = 0


class _Queue(msgspec.Struct, rename="camel"):
    job_counts: _Counts


class _Wrong(msgspec.Struct):
    class _Error(msgspec.Struct):
        message: str
        path: list[str | int] = []

    errors: list[_Error]


class _Result(msgspec.Struct):
    id: str
    success: bool
    error: str = ""


class Api:
    """One Immich server, asked with one key."""

    def __init__(self, http: Http, version: Version) -> None:
        self._http = http
        self.version = version
        self.where = http.where

    @classmethod
    def connect(cls, name: str, url: str, key: str, connections: int = 4) -> Api:
        """The API behind `url`, where the server says it is. Denied if it is too old."""

        if not (key and key.isascii() and key.isprintable()):
            raise UsageError(f"the api_key of {name} is none: Immich's have letters and digits")
        root = url.rstrip("/").removesuffix("/api")
        headers = {"x-api-key": key}
        http = Http(
            root,
            who=name,
            headers=headers,
            secrets=[key],
            explain=_reason,
            admitted_by="its api_key",
            connections=connections,
        )
        try:
            http = http.below(_endpoint(http, name, root))
            version = http.ask("GET", "/server/version", Version)
            if (version.major, version.minor) < OLDEST:
                raise Denied(f"{name} is Immich {version}: 1.135 is the oldest that will do")
        except BaseException:
            http.close()
            raise
        return cls(http, version)

    def close(self) -> None:
        self._http.close()

    # The server

    def normal(self, metadata: Metadata) -> Metadata:
        """What this version would show of `metadata`.

        Before 2.3 there is no place on the equator, from 3.0 on no photo is rejected.
        """
        told, version = normal(metadata), (self.version.major, self.version.minor)
        lost = []
        if told.location and told.location.latitude == 0 and version < (2, 3):
            lost.append(Field.LOCATION)
        if told.rating == -1 and version >= (3, 0):
            lost.append(Field.RATING)
        return told.but(NOTHING_SAID, lost)

    def formats(self) -> frozenset[str]:
        """The file name suffixes that it takes."""
        types = self._http.ask("GET", "/server/media-types", _MediaTypes)
        return frozenset(suffix.lstrip(".").lower() for suffix in (*types.image, *types.video))

    def room(self) -> int | None:
        """How many bytes of the quota are left, None where there is none."""
        quota = self._http.ask("GET", "/users/me", _Quota)
        if quota.quota_size_in_bytes is None:
            return None
        return max(0, quota.quota_size_in_bytes - (quota.quota_usage_in_bytes or 0))

    def is_idle(self) -> bool:
        """Whether no job is left that reads or writes metadata. Denied to all but admins."""
        queues = self._http.ask("GET", "/jobs", dict[str, _Queue])
        ours = [queues[name] for name in ("sidecar", "metadataExtraction") if name in queues]
        counts = [each.job_counts for each in ours]
        return len(counts) == 2 and not any(c.active or c.waiting or c.delayed for c in counts)

    # Looking

    def asset(self, id: str) -> Asset | None:
        """The asset, in the trash or not; None if there is none, or none that we may see."""
        try:
            return self._http.ask("GET", f"/assets/{quote(id, safe='')}", Asset)
        except Declined as error:
            if error.status in (400, 404):
                return None
            raise

    def albums(self, of: str = "") -> list[AlbumAnswer]:
        """All albums of ours, or those that hold the asset `of`; without what is in them.

        The latter may be other people's. From 3.0 on it has to be said that these are not meant.
        """
        ours = {"isOwned": "true"} if self.version.major >= 3 else None
        params = {"assetId": of} if of else ours
        return self._http.ask("GET", "/albums", list[AlbumAnswer], params=params)

    def album(self, id: str) -> AlbumAnswer:
        """An album, with its assets where the version tells them. Stale if it is gone."""
        try:
            return self._http.ask("GET", f"/albums/{quote(id, safe='')}", AlbumAnswer)
        except Declined as error:
            if error.status in (400, 404):
                raise Stale(f"an album is gone from {self._http.who}: run again") from None
            raise

    def search(self, **wanted: Any) -> Iterator[Page]:
        """The pages of a search. Those of long searches may lose some and show others twice."""
        at: dict[str, Any] = {"page": 1}
        while True:
            asked = {"size": PAGE, **wanted, **at}
            page = self._http.ask("POST", "/search/metadata", Search, data=asked, safe=True).assets
            yield page
            if page.next_cursor:
                at = {"cursor": page.next_cursor}
            elif page.next_page:
                at = {"page": int(page.next_page)}
            else:
                return

    def tags(self) -> list[Tag]:
        """All tags."""
        return self._http.ask("GET", "/tags", list[Tag])

    def twins(self, checksums: Collection[str]) -> dict[str, str]:
        """The ids of the assets that have these checksums ("sha1:..."), in the trash or not."""
        found: dict[str, str] = {}
        for part in _parts(sorted(checksums)):
            asked = [{"id": each, "checksum": each.removeprefix("sha1:")} for each in part]
            answer = self._http.ask(
                "POST", "/assets/bulk-upload-check", _Checked, data={"assets": asked}, safe=True
            )
            found.update((t.id, t.asset_id) for t in answer.results if t.asset_id)
        return found

    def original(self, id: str, checksum: str) -> tuple[BinaryIO, int | None]:
        """The asset's file as a stream, and its length."""
        return self._http.fetch(f"/assets/{quote(id, safe='')}/original", checksum=checksum)

    # Writing

    def upload(
        self, fields: Mapping[str, str], file: Part, sidecar: Part, checksum: str
    ) -> Uploaded:
        """A new asset, or the one that has this checksum already."""
        device = {"deviceAssetId": fields["filename"], "deviceId": "img-sync"}
        told = fields if self.version.major >= 3 else {**device, **fields}
        return self._http.send(
            "POST",
            "/assets",
            Uploaded,
            # From 2.3 on each file's kind is told from the name in the fields before it, if any.
            [sidecar, *(Part(name, value) for name, value in told.items()), file],
            {"x-immich-checksum": checksum.removeprefix("sha1:")},
        )

    def copy(self, source: str, target: str) -> None:
        """Gives one asset the shared links and the stack of another, where the version can.

        Older ones take "copy" for the id of an asset, which is none.
        """
        what = {"sharedLinks": True, "stack": True}
        rest = {"albums": False, "favorite": False, "sidecar": False}
        asked = {"sourceId": source, "targetId": target, **what, **rest}
        try:
            self._http.tell("PUT", "/assets/copy", data=asked)
        except Declined as error:
            if "UUID" not in error.reason:
                raise

    def update(self, id: str, values: Mapping[str, object]) -> Asset:
        """Sets fields; gives back the asset without its tags, before any job has run."""
        return self._http.ask("PUT", f"/assets/{quote(id, safe='')}", Asset, data=values)

    def make_tags(self, values: Iterable[str]) -> list[Tag]:
        """The tags of these values, made if they are not there."""
        return self._http.ask("PUT", "/tags", list[Tag], data={"tags": sorted(values)})

    def tag(self, asset: str, tags: Iterable[Tag]) -> None:
        asked = {"tagIds": [tag.id for tag in tags], "assetIds": [asset]}
        self._http.tell("PUT", "/tags/assets", data=asked)

    def untag(self, asset: str, tag: Tag) -> None:
        self._http.tell("DELETE", f"/tags/{quote(tag.id, safe='')}/assets", data={"ids": [asset]})

    def make_album(self, name: str) -> AlbumAnswer:
        return self._http.ask("POST", "/albums", AlbumAnswer, data={"albumName": name})

    def rename_album(self, id: str, name: str) -> None:
        self._http.tell("PATCH", f"/albums/{quote(id, safe='')}", data={"albumName": name})

    def join(self, album: str, asset: str) -> None:
        """Puts an asset into an album; one that is there already is fine."""
        path = f"/albums/{quote(album, safe='')}/assets"
        for result in self._http.ask("PUT", path, list[_Result], data={"ids": [asset]}):
            if not result.success and result.error != "duplicate":
                raise Stale(f"{self._http.who} does not put a photo into its album: {result.error}")

    def leave(self, album: str, asset: str) -> None:
        """Takes an asset out of an album; one that is not in it is fine."""
        path = f"/albums/{quote(album, safe='')}/assets"
        self._http.tell("DELETE", path, data={"ids": [asset]})

    def trash(self, asset: str) -> None:
        self._http.tell("DELETE", "/assets", data={"ids": [asset], "force": False})

    def restore(self, asset: str) -> None:
        self._http.tell("POST", "/trash/restore/assets", data={"ids": [asset]})


def _reason(body: bytes) -> str:
    """What an error answer says; from 3.0 on what is wrong stands beside the message."""
    try:
        answer = msgspec.json.decode(body, type=_Wrong)
    except NONSENSE:
        return said(body)
    told = [f"{'.'.join(map(str, each.path))}: {each.message}" for each in answer.errors]
    return "; ".join([said(body), *told])


def _endpoint(http: Http, name: str, root: str) -> str:
    """The path of the API. It may not be on another host: that one is not to see the key."""
    try:
        found = http.ask("GET", "/.well-known/immich", _WellKnown).api.endpoint
    except Declined:
        return "/api"  # a proxy may keep such paths to itself
    here = urlsplit(root)
    try:
        there = urlsplit(found)
        elsewhere = (there.scheme, there.hostname, there.port) != (
            here.scheme,
            here.hostname,
            here.port,
        )
    except ValueError:
        raise Denied(f"{name} at {http.where} points to no address: is it Immich?") from None
    if there.netloc and elsewhere:
        raise Denied(f"{name} at {http.where} points to {there.hostname}: set that as its url")
    return there.path


def _parts(all_of_them: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(all_of_them), MANY):
        yield all_of_them[start : start + MANY]
