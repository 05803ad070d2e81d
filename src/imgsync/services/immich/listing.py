"""Lists the photos of an album so that none is missed: searches lose some, and tell no tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

from ...model import Photo
from ...service import Check, Look
from .answers import Asset, photo
from .api import Api

__all__ = ["UNSORTED", "Listing"]

UNSORTED = "unsorted"  # the ref of the album of all that is in no album

_VISIBLE = ("timeline", "archive")


class Listing:
    """What albums show, during one run. `connections`: how many questions are asked at once."""

    def __init__(self, api: Api, connections: int) -> None:
        self._api = api
        self._connections = connections

    def photos(self, album: str, look: Look) -> Iterator[Photo]:
        """The photos of the album with this ref. Stale if it is gone.

        One that is known, that the server has not touched since, and whose tags all still exist,
        is as it was known: its tags are not asked for. One that is known and not listed is
        looked for before it is left out.
        """
        assets = self._assets(album)
        missing = [ref for ref in look.known if ref not in assets]
        for asset in self._at_once(lambda ref: self._still_in(album, ref), missing):
            if asset is not None:
                assets[asset.id] = asset
        unknown: dict[str, Asset] = {}
        for ref, asset in assets.items():
            known = look.known.get(ref)
            if look.hides(photo(asset, ()).name):
                continue
            if known and look.check is Check.CHANGED and self._is_as_known(asset, known):
                yield known
            else:
                unknown[ref] = asset
        tags = self._tags(album, unknown)
        for ref, asset in unknown.items():
            if ref in tags:
                yield photo(asset, tags[ref])

    def _is_as_known(self, asset: Asset, known: Photo) -> bool:
        tags = known.metadata.tags
        return photo(asset, tags).version == known.version and tags <= self._values

    @cached_property
    def _values(self) -> frozenset[str]:
        """All tags there were. One that was deleted was taken from photos without a trace."""
        return frozenset(tag.value for tag in self._api.tags())

    # What is in an album

    def _assets(self, album: str) -> dict[str, Asset]:
        if album == UNSORTED:
            return self._searched({"isNotInAlbum": True}, None)
        told = self._api.album(album)
        if told.assets or (told.assets is not None and not told.asset_count):
            return {asset.id: asset for asset in told.assets if not asset.is_trashed}
        return self._searched({"albumIds": [album]}, told.asset_count)

    def _searched(self, wanted: Mapping[str, Any], count: int | None) -> dict[str, Asset]:
        """All that a search finds: `count` assets, if that is known.

        Pages of a long search with all details overlap and leave gaps, where many photos have the
        same second; pages without details were not seen to do so.
        """
        found: dict[str, Asset] = {}
        pages = 0
        for visibility in _VISIBLE:
            if count is not None and len(found) >= count:
                return found
            for page in self._api.search(**wanted, visibility=visibility, withExif=True):
                pages += 1
                found.update((asset.id, asset) for asset in page.items)
        if pages == len(_VISIBLE):
            return found
        bare = [
            asset.id
            for visibility in _VISIBLE
            for page in self._api.search(**wanted, visibility=visibility, withExif=False)
            for asset in page.items
        ]
        lost = dict.fromkeys(id for id in bare if id not in found)
        for asset in self._at_once(self._api.asset, lost):
            if asset is not None and not asset.is_trashed:
                found[asset.id] = asset
        return found

    def _still_in(self, album: str, ref: str) -> Asset | None:
        """A photo that was not listed, if it is there all the same.

        The video half of a live photo hides itself, and leaves its albums, when its photo comes.
        """
        asset = self._api.asset(ref)
        if asset is None or asset.is_trashed:
            return None
        if asset.visibility == "hidden":
            return asset
        albums = {each.id for each in self._api.albums(of=ref)}
        is_in = not albums if album == UNSORTED else album in albums
        return asset if is_in else None

    # Tags

    def _tags(self, album: str, assets: Mapping[str, Asset]) -> dict[str, frozenset[str]]:
        """The tags of assets, by their refs, without those that have gone meanwhile.

        A search for each tag of the highest level finds those that have none or only tags of
        that level; each of the others is asked for alone, or all are where that is less.
        """
        found = self._by_search(album, assets) if len(assets) > 2 else {}
        rest = [ref for ref in assets if ref not in found]
        for asset in self._at_once(self._api.asset, rest):
            if asset is not None:
                found[asset.id] = frozenset(tag.value for tag in asset.tags)
        return found

    def _by_search(self, album: str, assets: Mapping[str, Asset]) -> dict[str, frozenset[str]]:
        """The tags of those assets of which searches tell them all; of none where that is more."""
        tags = self._api.tags()
        roots = [tag for tag in tags if "/" not in tag.value]
        if len(roots) >= len(assets):
            return {}
        parents = {tag.value.partition("/")[0] for tag in tags if "/" in tag.value}
        of = {"isNotInAlbum": True} if album == UNSORTED else {"albumIds": [album]}
        found: dict[str, set[str]] = {
            ref: set() for ref, asset in assets.items() if asset.visibility == "timeline"
        }
        for root in roots:
            page = next(self._api.search(**of, tagIds=[root.id], withExif=False))
            if page.next_page or page.next_cursor:
                return {}  # further pages may lose some, and a tag would look removed
            for asset in page.items:
                if root.value in parents:
                    found.pop(asset.id, None)  # it may be a tag below it that was found
                elif asset.id in found:
                    found[asset.id].add(root.value)
        return {ref: frozenset(values) for ref, values in found.items()}

    def _at_once(
        self, ask: Callable[[str], Asset | None], refs: Iterable[str]
    ) -> Iterator[Asset | None]:
        refs = list(refs)
        if len(refs) < 2:
            yield from map(ask, refs)
            return
        with ThreadPoolExecutor(self._connections) as pool:
            yield from pool.map(ask, refs)
