"""The coded pictures in a HEIF file: which items there are, and where they are."""

from __future__ import annotations

from collections.abc import Iterator

from imgsync.metadata.digest.source import Range

__all__ = ["Items"]

# AV1, AVC, HEVC, layered HEVC, HEVC tiles.
_PICTURES = frozenset({b"av01", b"avc1", b"hvc1", b"lhv1", b"hvt1"})
_IN_FILE, _IN_ITEM_DATA = 0, 1


class _Item:
    def __init__(self) -> None:
        self.kind = b""
        self.readable = True
        self.method = _IN_FILE
        self.elsewhere = False
        self.base = 0
        self.extents: list[Range] = []


class Items:
    """The items of one `meta` box. `data_at` is where the content of its `idat` box begins."""

    def __init__(self) -> None:
        self.data_at: int | None = None
        self._items: dict[int, _Item] = {}

    def ranges(self) -> Iterator[Range]:
        """The extents of all coded pictures that are in this file, by ascending id.

        Source: ExifTool 13.59, QuickTime.pm, HandleItemInfo.
        """
        for _, item in sorted(self._items.items()):
            if item.kind not in _PICTURES or not item.readable or item.elsewhere:
                continue
            base = item.base
            if item.method == _IN_ITEM_DATA and self.data_at is not None:
                base += self.data_at
            elif item.method != _IN_FILE:
                continue
            yield from ((base + offset, length) for offset, length in item.extents)

    def note_entry(self, data: bytes) -> None:
        """Take in an item information entry (`infe`)."""
        version = data[:1]
        width = {b"\2": 2, b"\3": 4}.get(version)
        if width is None or len(data) < 10 + width:
            return
        item = self._item(int.from_bytes(data[4 : 4 + width], "big"))
        item.readable = data[4 + width : 6 + width] == b"\0\0"
        item.kind = data[6 + width : 10 + width]

    def note_locations(self, data: bytes) -> None:
        """Take in the item locations (`iloc`), up to the first that makes no sense."""
        fields = _Fields(data)
        version = fields.take(1)
        fields.skip(3)
        sizes = fields.take(2)
        offset_size, length_size = sizes >> 12, sizes >> 8 & 15
        base_size = sizes >> 4 & 15
        index_size = sizes & 15 if version in (1, 2) else 0
        wide = 2 if version < 2 else 4
        for _ in range(fields.take(wide)):
            item = self._item(fields.take(wide))
            if version in (1, 2):
                item.method = fields.take(2) & 15
            item.elsewhere = fields.take(2) != 0
            item.base = fields.take(base_size)
            number = fields.take(2)
            if length_size == 0:
                fields.skip(number * (index_size + offset_size))
                number = 0
            item.extents = []
            for _ in range(number):
                fields.skip(index_size)
                item.extents.append((fields.take(offset_size), fields.take(length_size)))
                if fields.short:
                    break
            if fields.short:
                item.extents = []
                return

    def _item(self, number: int) -> _Item:
        return self._items.setdefault(number, _Item())


class _Fields:
    """Takes numbers of some bytes one after another; 0, and `short`, when they are not there."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self.short = False

    def skip(self, width: int) -> None:
        self._at += width

    def take(self, width: int) -> int:
        field = self._data[self._at : self._at + width]
        self._at += width
        self.short = self.short or len(field) < width
        return 0 if self.short else int.from_bytes(field, "big")
