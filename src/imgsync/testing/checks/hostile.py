"""Names and texts that break out, are too long, or look like something else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ...errors import Rejected
from ...model import Field, Metadata, Photo, Region
from ...service import Service
from .basis import Basis, assert_says, source

__all__ = ["Hostile"]

NAMES = [
    "../x.jpg",
    "../Winter/a.jpg",
    "/x.jpg",
    "Winter/x.jpg",
    "..\\x.jpg",
    "..",
    ".",
    "",
    ".hidden.jpg",
    "nul\0byte.jpg",
    "x" * 300 + ".jpg",
    "é" * 130 + ".jpg",
    "beach 🏖.jpg",
    "\u202egpj.exe.jpg",
    'it\'s "quoted".jpg',
    "<b>&amp;.jpg",
    "new\nline.jpg",
    " blanks .jpg ",
    "-rf.jpg",
    "%2e%2e%2fx.jpg",
    "con.jpg",
    "e\u0301.jpg",
    "lone\udce9surrogate.jpg",
    "a.jpg.xmp",
    ".img-sync.db",
]

TEXTS = {
    "html": "<script>alert(1)</script> I <3 you &amp; &#39;",
    "quotes": "it's \"quoted\" `so` \\ ''; DROP TABLE photos; --",
    "emoji": "beach 🏖👩‍👩‍👧 🇫🇷",
    "right to left": "\u202ekcab \u05e9\u05dc\u05d5\u05dd",
    "lines": "one\r\ntwo\rthree\n\n four",
    "blanks": "  \u00a0text\u2003 ",
    "nul": "nul\0byte",
    "controls": "bell\x07 escape\x1b[31m delete\x7f",
    "end of CDATA": "]]> \ufffe \ufeff",
    "lone surrogate": "lone\udce9surrogate",
    "decomposed": "e\u0301te\u0301",
    "format": "%s %(x)s {0} ${HOME} \\n",
    "looks like a value": "null",
    "separators": "a, b; c | d",
    "very long": "long " * 20_000,
}

SAYING: dict[Field, Callable[[str], Metadata]] = {
    Field.TITLE: lambda text: Metadata(title=text),
    Field.CAPTION: lambda text: Metadata(caption=text),
    Field.TAGS: lambda text: Metadata(tags=frozenset({text, f"Places/{text}"})),
    Field.LABEL: lambda text: Metadata(label=text),
    Field.PEOPLE: lambda text: Metadata(people=(Region(text, (0.5, 0.5, 0.25, 0.25)),)),
    Field.CREATOR: lambda text: Metadata(creator=(text, "Ann")),
    Field.COPYRIGHT: lambda text: Metadata(copyright=text),
}


class Hostile(Basis):
    @pytest.mark.parametrize("name", NAMES, ids=ascii)
    def test_a_new_photo_stays_in_its_album(self, service: Service, name: str) -> None:
        if not service.capabilities.create:
            return
        album, other = self.album(service), self.album(service, "Winter")
        before = self.add(service, album, "a.jpg", 1), self.add(service, other, "a.jpg", 2)
        around = self.surroundings(service)
        try:
            photo = service.create(album, source(name, 7))
        except Rejected:
            assert self.shown(service, album) == [before[0]]
        else:
            _assert_safe(photo)
            assert photo in self.shown(service, album)
            assert service.create(album, source(name, 7)).ref == photo.ref
            assert len(self.shown(service, album)) == 2
            with service.open(album, photo) as original:
                assert original.stream.read()
        assert before[0] in self.shown(service, album)
        assert self.shown(service, other) == [before[1]]
        assert self.surroundings(service) == around

    @pytest.mark.parametrize("name", NAMES, ids=ascii)
    def test_a_renamed_photo_stays_in_its_album(self, service: Service, name: str) -> None:
        if not service.capabilities.renames:
            return
        album, other = self.album(service), self.album(service, "Winter")
        photo = self.add(service, album, "b.jpg", 7)
        before = self.add(service, album, "a.jpg", 1), self.add(service, other, "a.jpg", 2)
        around = self.surroundings(service)
        try:
            moved = service.move(album, photo, album, name)
        except Rejected:
            moved = photo
        _assert_safe(moved)
        assert moved.content == photo.content
        assert moved in self.shown(service, album)
        assert before[0] in self.shown(service, album)
        assert len(self.shown(service, album)) == 2
        assert self.shown(service, other) == [before[1]]
        assert self.surroundings(service) == around

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
    @pytest.mark.parametrize("field", SAYING)
    def test_a_text_is_kept_or_rejected(self, service: Service, field: Field, text: str) -> None:
        if field not in service.capabilities.writes:
            return
        album = self.album(service)
        photo, beside = self.add(service, album), self.add(service, album, "b.jpg", 2)
        said = SAYING[field](text).clean()
        try:
            edited = service.edit(album, photo, said, frozenset({field}))
        except Rejected:
            assert photo in self.shown(service, album)
        else:
            assert_says(service, edited, photo.metadata.but(said, [field]))
            assert edited in self.shown(service, album)
        assert beside in self.shown(service, album)
        assert service.normal(service.normal(said)) == service.normal(said)


def _assert_safe(photo: Photo) -> None:
    assert photo.name not in ("", ".", "..")
    assert "/" not in photo.name
    assert "\0" not in photo.name
