"""Changes what is said of an asset, one step at a time, until the server shows it.

Immich keeps an edit in two jobs: one writes the asset's sidecar, the next reads file and sidecar
again and overwrites all that is shown. A step that is taken before both are done can be lost, or
undo the one before it, without any error: so each waits, and all of it is read back.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from ...errors import Denied, Rejected, Stale
from ...model import METADATA_FIELDS, NOTHING_SAID, Field, Metadata, same
from ..http import Declined
from .answers import Asset, is_extracted, no_time, said, shown_tag, shown_zone, told_time, utc
from .api import Api

__all__ = ["Editor", "Pace"]

ROUNDS = 3


@dataclass(frozen=True)
class Pace:
    """How long jobs are waited for, in seconds.

    `first`: until the first look; each pause is twice as long as the one before, up to `longest`.
    `quiet`: how long nothing may change on an asset until it counts as settled.
    `patience`: how long a job may take at most to show.
    """

    first: float = 0.1
    longest: float = 0.4
    quiet: float = 1.0
    patience: float = 30.0


class Editor:
    """Edits assets, and waits for them."""

    def __init__(self, api: Api, name: str, pace: Pace) -> None:
        self._api = api
        self._name = name
        self._pace = pace
        self._sees_queues = True

    def edit(self, asset: Asset, metadata: Metadata, fields: Collection[Field]) -> Asset:
        """Makes the asset, given with its tags, show `fields` of `metadata` in their normal form.

        What cannot be cleared (words that the file itself holds) stays. Rejected if the server
        does not keep what it is told; Stale if the asset goes away.
        """
        if Field.LOCATION in fields and Field.TAKEN not in fields:
            # A place brings its time zone along, and with it another time, which nobody said.
            metadata, fields = metadata.but(said(asset), [Field.TAKEN]), {*fields, Field.TAKEN}
        wanted = self._api.normal(metadata)
        offset = told_time(metadata.taken).removeprefix(wanted.taken)
        for _ in range(ROUNDS):
            missing = self._missing(asset, wanted, fields)
            if not missing:
                return asset
            values = self._values(asset, wanted, missing, offset)
            offset = ""  # one that is no time zone's is taken for none: not told again
            if values:
                asset = self._set(asset, values)
            if Field.TAGS in missing:
                asset = self._retag(asset, wanted.tags)
        left = [
            field
            for field in self._missing(asset, wanted, fields)
            if wanted.get(field) != NOTHING_SAID.get(field)
        ]
        if left:
            raise Rejected(
                f"{self._name} does not keep the {', '.join(left)} of {asset.original_file_name};"
                " is it in a library that can only be read?"
            )
        return asset

    def extracted(self, id: str) -> Asset:
        """A new asset, as soon as the server has read it; as it is after a long wait. Stale."""
        for _ in self._looks():
            asset = self._asset(id)
            if is_extracted(asset):
                break
        return asset

    # Steps

    def _missing(self, asset: Asset, metadata: Metadata, fields: Collection[Field]) -> list[Field]:
        now = said(asset)
        wrong = (f for f in METADATA_FIELDS if not same(f, now.get(f), metadata.get(f)))
        return [field for field in wrong if field in fields]

    def _values(
        self, asset: Asset, metadata: Metadata, fields: Collection[Field], offset: str
    ) -> dict[str, object]:
        """The fields but tags, as the API takes them; `offset` is that of the time."""
        values: dict[str, object] = {}
        if Field.CAPTION in fields:
            values["description"] = metadata.caption
        if Field.RATING in fields:
            # Before 3.0 null is refused, from then on 0; both show nothing.
            none = None if self._api.version.major >= 3 else 0
            values["rating"] = none if metadata.rating is None else metadata.rating
        if Field.FAVORITE in fields:
            values["isFavorite"] = metadata.favorite
        if Field.LOCATION in fields:
            place = metadata.location
            # There is no null: 0 and 0 settle to nothing.
            values["latitude"] = place.latitude if place else 0
            values["longitude"] = place.longitude if place else 0
        # Nor is there one here: a time can only become what Immich shows where none is known.
        wall = metadata.taken
        taken = _told(asset, wall, offset) if wall else no_time(asset)
        if Field.TAKEN in fields and taken:
            values["dateTimeOriginal"] = taken
        return values

    def _set(self, asset: Asset, values: dict[str, object]) -> Asset:
        now = self._api.update(asset.id, values)
        if values.keys() == {"isFavorite"}:
            return self._asset(asset.id)  # no job takes part
        return self._settled(now)

    def _retag(self, asset: Asset, wanted: Collection[str]) -> Asset:
        """All additions at once, then one removal after the other."""
        here = {shown_tag(tag.value) for tag in asset.tags}
        new = [tag for tag in wanted if tag not in here]
        if new:
            self._api.tag(asset.id, self._api.make_tags(new))
            asset = self._settled(asset)
        for tag in [tag for tag in asset.tags if shown_tag(tag.value) not in (*wanted, "")]:
            if tag.id in {each.id for each in asset.tags}:
                self._api.untag(asset.id, tag)
                asset = self._settled(asset)
        return asset

    # Waiting

    def _settled(self, before: Asset) -> Asset:
        """The asset when the jobs that a change has started are done.

        An admin's key can see that no job is left. To another, the asset is done when it has been
        touched since `before`, and then not any more for a while.
        """
        touched, since, idle = before.touched, time.monotonic(), 0
        for now in self._looks():
            idle = idle + 1 if self._is_idle() else 0
            asset = self._asset(before.id)
            if idle >= 2:
                break  # not at the first sight: one job starts the other a moment after it ended
            if asset.touched != touched:
                touched, since = asset.touched, now
            elif touched != before.touched and now - since >= self._pace.quiet:
                break
        return asset

    def _looks(self) -> Iterator[float]:
        """The times of looks, with pauses before them that grow."""
        pause, start = self._pace.first, time.monotonic()
        while True:
            time.sleep(pause)
            now = time.monotonic()
            yield now
            if now - start >= self._pace.patience:
                return
            pause = min(pause * 2, self._pace.longest)

    def _is_idle(self) -> bool:
        if self._sees_queues:
            try:
                return self._api.is_idle()
            except (Denied, Declined):
                self._sees_queues = False
        return False

    def _asset(self, id: str) -> Asset:
        asset = self._api.asset(id)
        if asset is None:
            raise Stale(f"a photo is gone from {self._name}: run again")
        return asset


def _told(asset: Asset, wall: str, offset: str) -> str:
    """How a wall clock is to be told, so that the asset then shows it.

    Of a photo with a place it is shown in the zone of that place, so the moment is told. Of
    another one it is shown with the offset that is told; without any it would be taken for a
    time of wherever the server stands.
    """
    zone = shown_zone(asset) if asset.exif.latitude is not None else None
    if zone is not None:
        with suppress(OverflowError):
            return utc(datetime.fromisoformat(wall).replace(tzinfo=UTC) - zone)
    return wall + (offset or "+00:00")
