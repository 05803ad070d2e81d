"""One photo on its way through a plan."""

from __future__ import annotations

import msgspec

from ..model import Pair, Photo, Side

__all__ = ["Walk"]


class Walk:
    """A pair on its way: as both sides show it by now, its link so far, and where that is kept."""

    def __init__(self, pair: Pair, id: str) -> None:
        self.pair = pair
        self.link = pair.base
        self.home = pair.album
        self.id = id

    def photo(self, side: Side) -> Photo | None:
        return self.pair.photo(side)

    def album(self, side: Side) -> str:
        return self.pair.album_of(side)

    @property
    def new_home(self) -> str:
        """Where the link is to be kept: it follows when both sides show the photo in one album."""
        pair = self.pair
        return pair.left_album if pair.left_album == pair.right_album else self.home

    @property
    def both(self) -> tuple[Photo, Photo]:
        assert self.pair.left is not None
        assert self.pair.right is not None
        return self.pair.left, self.pair.right

    def show(self, side: Side, photo: Photo | None, album: str | None = None) -> None:
        """From now on a side shows the photo so, and in that album."""
        where = self.album(side) if album is None else album
        shown = {side.value: photo, f"{side.value}_album": where}
        self.pair = msgspec.structs.replace(self.pair, **shown)
