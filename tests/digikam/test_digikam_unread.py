"""What digiKam has found and not read is still shown, until digiKam is told of it."""

from __future__ import annotations

import pytest

from imgsync.metadata import files
from imgsync.model import Album, Field, Metadata, Photo, Region
from imgsync.service import Look, Service
from imgsync.services.digikam.rc import Habits
from imgsync.services.digikam.unread import can_say_more, merge

from .conftest import Collected, found_by_digikam, metadata, one

PATH = "Imported/new.jpg"
IMPORTED, ARCHIVE = Album("Imported", "Imported"), Album("Archive", "Archive")
SAID = Metadata(title="Beside", tags=frozenset({"Solo"}))

PLAIN, READING = Habits(), Habits(reads_sidecars=True)
MAY_SAY_MORE = {
    "a sidecar that is passed over": ("a.jpg", PLAIN, True, True),
    "a sidecar that is read": ("a.heic", READING, True, False),
    "a file that exiv2 writes": ("a.jpg", PLAIN, False, False),
    "a film": ("a.mp4", READING, False, True),
}


@pytest.mark.parametrize(
    ("name", "habits", "has_sidecar", "more"), MAY_SAY_MORE.values(), ids=MAY_SAY_MORE
)
def test_where_digikam_may_not_look(
    name: str, habits: Habits, has_sidecar: bool, more: bool
) -> None:
    assert can_say_more(name, habits, has_sidecar=has_sidecar) == more


def _tags(*paths: str) -> Metadata:
    return Metadata(tags=frozenset(paths))


ANN, BOB = Region("Ann", (0.5, 0.5, 0.2, 0.2)), Region("Bob", (0.2, 0.2, 0.1, 0.1))
NEAR_ANN = Region("Ann", (0.501, 0.5, 0.2, 0.2))
NOTHING = Metadata()
MERGED = {
    # in the database, with the sidecar, in the file alone, and what is shown
    "only beside it": (NOTHING, Metadata(title="b"), NOTHING, Metadata(title="b")),
    "only in the file": (NOTHING, Metadata(title="f"), Metadata(title="f"), Metadata(title="f")),
    "read from the file, newer beside it": (
        *(Metadata(caption="f"), Metadata(caption="b"), Metadata(caption="f")),
        Metadata(caption="b"),
    ),
    "read from the file, cleared beside it": (
        *(Metadata(rating=3), NOTHING, Metadata(rating=3)),
        NOTHING,
    ),
    "said in digiKam": (
        *(Metadata(title="d"), Metadata(title="b"), Metadata(title="f")),
        Metadata(title="d"),
    ),
    "tags": (_tags("read", "new"), _tags("beside"), _tags("read"), _tags("beside", "new")),
    "people": (
        *(Metadata(people=(NEAR_ANN, BOB)), Metadata(people=(ANN,)), NOTHING),
        Metadata(people=(ANN, BOB)),
    ),
}


@pytest.mark.parametrize(("kept", "shown", "alone", "wanted"), MERGED.values(), ids=MERGED)
def test_what_is_shown_of_three(
    kept: Metadata, shown: Metadata, alone: Metadata, wanted: Metadata
) -> None:
    assert merge(kept, shown, alone) == wanted


def _found(collected: Collected) -> Photo:
    """A photo with a sidecar, as it was looked at before digiKam found it, which it has now."""
    path = collected.folder / PATH
    path.write_bytes((collected.folder / "root-photo.jpg").read_bytes())
    files.write(path, None, SAID, [Field.TITLE, Field.TAGS], embed=False)
    known = one(collected.view(), PATH)[1]
    found_by_digikam(collected, PATH)
    return known


def _looked_at(view: Service, known: Photo) -> Photo:
    look = Look(known={known.ref: known}, hides=lambda name: name != known.ref)
    [photo] = view.photos(IMPORTED, look)
    assert isinstance(photo, Photo)
    return photo


def test_what_was_shown_is_shown_until_digikam_is_told_of_it(collected: Collected) -> None:
    known, view = _found(collected), collected.view()
    photo = _looked_at(view, known)
    assert photo.metadata == known.metadata
    assert _looked_at(collected.view(), photo) is photo
    moved = view.move(IMPORTED, photo, ARCHIVE, "a.jpg")
    assert moved.metadata == photo.metadata
    edited = view.edit(ARCHIVE, moved, Metadata(rating=2), frozenset({Field.RATING}))
    assert edited.metadata == photo.metadata.but(Metadata(rating=2), [Field.RATING])
    assert metadata(collected.view(), "Archive/a.jpg") == edited.metadata
    collected.check()


def test_a_photo_that_was_never_looked_at_is_what_digikam_says(collected: Collected) -> None:
    _found(collected)
    assert metadata(collected.view(), PATH).tags == frozenset()


def test_what_digikam_no_longer_says_does_not_come_back(collected: Collected) -> None:
    """Of a photo that was shown as digiKam shows it, with a sidecar that says more."""
    _found(collected)
    known = one(collected.view(), PATH)[1]
    collected.do("UPDATE ImageInformation SET rating = 1")
    photo = _looked_at(collected.view(), known)
    assert photo.metadata == known.metadata.but(Metadata(rating=1), [Field.RATING])
