"""Nothing is lost by an edit: not the picture, nor what others said, nor what cannot be read."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import exiv2
import pytest
from PIL import Image

from imgsync import disk
from imgsync.errors import Rejected, Stale
from imgsync.metadata import files, tags
from imgsync.metadata.digest import Digest, digest
from imgsync.metadata.held import Held, exiv2_alone
from imgsync.model import METADATA_FIELDS, NOTHING_SAID, Field, Location, Metadata, Region

Make = Callable[[str], bytes]
EDIT = Metadata(title="new", tags=frozenset({"a/b"}), location=Location(1.0, 2.0))
EDITED = (Field.TITLE, Field.TAGS, Field.LOCATION)
KEPT = {
    "Exif.Image.Make": "Kept",
    "Exif.GPSInfo.GPSImgDirection": "90/1",
    "Iptc.Application2.Headline": "kept",
    "Xmp.crs.Exposure2012": "+0.35",
    "Xmp.my.own": "kept",
    "Xmp.my.qualified/?my:by": "somebody",
    "Xmp.photoshop.Headline": "kept",
    "Xmp.mwg-rs.Regions/mwg-rs:RegionList[1]/mwg-rs:Type": "Focus",
    "Xmp.mwg-rs.Regions/mwg-rs:RegionList[2]/mwg-rs:Area/stArea:x": "0.2",
    "Xmp.mwg-rs.Regions/mwg-rs:RegionList[2]/mwg-rs:Extensions/apple-fi:FaceID": "3",
}


@pytest.fixture
def photo(tmp_path: Path, full: Make) -> Path:
    path = tmp_path / "a.jpg"
    path.write_bytes(full("jpg"))
    return path


@pytest.fixture
def sidecar(photo: Path) -> Path:
    """A sidecar that speaks for the photo."""
    path = photo.with_name("a.xmp")
    path.write_bytes((Path(__file__).parent / "foreign.xmp").read_bytes())
    return path


def everything(path: Path) -> dict[str, str]:
    image = exiv2.ImageFactory.open(str(path))
    image.readMetadata()
    found: dict[str, str] = {}
    for data in (image.exifData(), image.iptcData(), image.xmpData()):
        found |= {datum.key(): datum.toString() for datum in data}
    return found


def listing(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_what_others_said_in_the_file_stays(photo: Path) -> None:
    assert files.write(photo, None, EDIT, METADATA_FIELDS) is None
    after = everything(photo)
    assert {key: after.get(key) for key in KEPT} == KEPT


def test_what_others_said_in_the_sidecar_stays(photo: Path, sidecar: Path) -> None:
    assert files.write(photo, sidecar, EDIT, METADATA_FIELDS) == sidecar
    after = everything(sidecar)
    said = {key: text for key, text in KEPT.items() if key.startswith("Xmp.")}
    assert {key: after.get(key) for key in said} == said


def test_other_languages_stay(photo: Path) -> None:
    files.write(photo, None, Metadata(caption="new"), [Field.CAPTION])
    assert everything(photo)["Xmp.dc.description"] == 'lang="x-default" new, lang="de-DE" alt'


def test_frames_that_stay_keep_what_else_is_in_them(photo: Path) -> None:
    anna = Region("Anna", (0.7, 0.3, 0.2, 0.2))
    bob = Region("Bob", (0.3, 0.3, 0.2, 0.2))
    files.write(photo, None, Metadata(people=(anna, bob)), [Field.PEOPLE])
    after = everything(photo)
    frames = "Xmp.mwg-rs.Regions/mwg-rs:RegionList"
    assert after[f"{frames}[3]/mwg-rs:Name"] == "Anna"
    assert after[f"{frames}[3]/mwg-rs:Rotation"] == "0.5"
    assert after[f"{frames}[4]/mwg-rs:Name"] == "Bob"
    files.write(photo, None, Metadata(people=(bob,)), [Field.PEOPLE])
    after = everything(photo)
    assert after[f"{frames}[3]/mwg-rs:Name"] == "Bob"
    assert f"{frames}[3]/mwg-rs:Rotation" not in after
    assert f"{frames}[4]/mwg-rs:Name" not in after


def test_iptc_is_not_begun(tmp_path: Path, plain: Make) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(plain("jpg"))
    files.write(path, None, EDIT, METADATA_FIELDS)
    assert not [key for key in everything(path) if key.startswith("Iptc.")]


def test_iptc_becomes_utf8_and_is_cut(tmp_path: Path, plain: Make) -> None:
    path = tmp_path / "a.jpg"
    image = exiv2.ImageFactory.open(plain("jpg"))
    image.iptcData()["Iptc.Application2.City"] = "Kqln"
    image.writeMetadata()
    path.write_bytes(bytes(image.io().mmap()).replace(b"Kqln", b"K\xf6ln"))
    long = "ü" * 40
    files.write(path, None, Metadata(title=long, tags=frozenset({long})), EDITED)
    after = everything(path)
    assert after["Iptc.Envelope.CharacterSet"] == "\x1b%G"
    assert after["Iptc.Application2.City"] == "Köln"
    assert after["Iptc.Application2.ObjectName"] == "ü" * 32
    assert after["Iptc.Application2.Keywords"] == "ü" * 32
    assert files.read(path, None) == Metadata(title=long, tags=frozenset({long}))


def test_the_digest_of_photoshop_follows(photo: Path) -> None:
    old = b"8BIM\x04\x25\0\0\0\0\0\x10" + b"x" * 16
    data = photo.read_bytes()
    at = data.index(b"Photoshop 3.0\0") - 4
    size = int.from_bytes(data[at + 2 : at + 4]) + len(old)
    end = at + 2 + size - len(old)
    grown = data[: at + 2] + size.to_bytes(2) + data[at + 4 : end] + old + data[end:]
    photo.write_bytes(grown)
    files.write(photo, None, Metadata(title="new"), [Field.TITLE])
    data = photo.read_bytes()
    at = data.index(b"8BIM\x04\x04")
    size = int.from_bytes(data[at + 8 : at + 12])
    iptc = data[at + 12 : at + 12 + size]
    assert b"new" in iptc
    at = data.index(b"8BIM\x04\x25")
    assert data[at + 12 : at + 28] == md5(iptc, usedforsecurity=False).digest()


def test_the_picture_stays_and_so_do_the_rights(photo: Path) -> None:
    photo.chmod(0o640)
    os.utime(photo, ns=(10**18, 10**18))
    before = digest(photo).content
    files.write(photo, None, EDIT, METADATA_FIELDS)
    assert digest(photo).content == before
    assert photo.stat().st_mode & 0o777 == 0o640
    assert photo.stat().st_mtime_ns != 10**18
    assert listing(photo.parent) == {"a.jpg"}


def test_what_follows_the_picture_stays(photo: Path) -> None:
    with photo.open("ab") as stream:
        stream.write(b"the film of a motion photo")
    assert files.write(photo, None, EDIT, EDITED) is None
    assert photo.read_bytes().endswith(b"the film of a motion photo")


def test_an_edit_that_would_change_the_picture_goes_to_a_sidecar(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = photo.read_bytes()
    monkeypatch.setattr(files, "digest", lambda path: Digest(f"image:{path}", 0, frozenset()))
    shown = files.read(photo, None)
    new = files.write(photo, None, EDIT, EDITED)
    assert new == photo.with_name("a.jpg.xmp")
    assert photo.read_bytes() == data
    assert files.read(photo, new) == shown.but(EDIT, EDITED)
    assert listing(photo.parent) == {"a.jpg", "a.jpg.xmp"}


def test_a_broken_picture_gets_a_sidecar(tmp_path: Path) -> None:
    for name, data in (("a.jpg", b""), ("b.jpg", b"\xff\xd8\xff\xe1\0"), ("c.png", b"no picture")):
        path = tmp_path / name
        path.write_bytes(data)
        assert files.read(path, None) == NOTHING_SAID
        sidecar = files.write(path, None, EDIT, EDITED)
        assert sidecar == tmp_path / f"{name}.xmp"
        assert files.read(path, sidecar) == EDIT
        assert path.read_bytes() == data


def test_a_sidecar_that_speaks_is_written_and_the_file_is_not(photo: Path, sidecar: Path) -> None:
    data = photo.read_bytes()
    assert files.write(photo, sidecar, EDIT, EDITED) == sidecar
    assert photo.read_bytes() == data


def test_a_sidecar_that_does_not_speak_is_left_where_the_file_can_be_written(
    photo: Path, sidecar: Path
) -> None:
    sidecar.write_text(
        sidecar.read_text().replace("digiKam:", "my:").partition("<rdf:Description")[0]
        + '<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"'
        + ' crs:Exposure2012="1"/></rdf:RDF></x:xmpmeta>'
    )
    data = sidecar.read_bytes()
    assert files.write(photo, sidecar, EDIT, EDITED) is None
    assert sidecar.read_bytes() == data
    shown = files.read(photo, sidecar)
    assert files.write(photo, sidecar, EDIT, [Field.CAPTION], embed=False) == sidecar
    assert files.read(photo, sidecar) == shown.but(EDIT, [Field.CAPTION])
    assert everything(sidecar)["Xmp.crs.Exposure2012"] == "1"


def test_what_is_so_already_is_not_written(photo: Path, sidecar: Path) -> None:
    for beside in (None, sidecar):
        shown = files.read(photo, beside)
        before = photo.stat(), sidecar.stat()
        assert files.write(photo, beside, shown, METADATA_FIELDS) == beside
        assert (photo.stat(), sidecar.stat()) == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no xml",
        b"<a/>",
        b"<x:xmpmeta",
        b"\0" * 100,
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>\xff</x:xmpmeta>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><x:xmpmeta xmlns:x='adobe:ns:meta/'>&b;</x:xmpmeta>",
    ],
)
def test_a_sidecar_that_is_no_xmp_is_named_and_never_overwritten(photo: Path, data: bytes) -> None:
    path = photo.with_name("a.jpg.xmp")
    path.write_bytes(data)
    with pytest.raises(files.Unreadable, match=r"a\.jpg\.xmp"):
        files.read(photo, path)
    with pytest.raises(Rejected, match=r"a\.jpg\.xmp"):
        files.write(photo, path, EDIT, EDITED)
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    "spaces",
    [
        'xmlns:dc="http://other.example/ns/" dc:a="1"',
        'xmlns:my="http://my.example/ns/" my:a="1"/>'
        '<rdf:Description rdf:about="" xmlns:my="http://other.example/ns/" my:a="2"',
    ],
)
def test_a_prefix_for_two_namespaces_mixes_nothing(photo: Path, spaces: str) -> None:
    other, sidecar = photo.with_name("b.xmp"), photo.with_name("a.jpg.xmp")
    other.write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces}/></rdf:RDF></x:xmpmeta>'
    )
    before = other.read_bytes()
    with pytest.raises(files.Unreadable, match=r"b\.xmp"):
        files.write(photo, other, EDIT, EDITED)
    assert other.read_bytes() == before
    # Nor does any other file get to know of it.
    files.write(photo, None, EDIT, EDITED, embed=False)
    assert 'xmlns:dc="http://purl.org/dc/elements/1.1/"' in sidecar.read_text()


def test_namespaces_are_those_of_the_file_that_is_written(photo: Path, sidecar: Path) -> None:
    text = sidecar.read_text()
    sidecar.write_text(text.replace("http://my.example/", "http://other.example/"))
    files.write(photo, sidecar, EDIT, EDITED)
    assert 'xmlns:my="http://other.example/ns/"' in sidecar.read_text()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_sidecars_in_other_encodings(photo: Path, sidecar: Path, encoding: str) -> None:
    text = sidecar.read_text().replace("UTF-8", encoding).replace(">alt<", ">ält<")
    sidecar.write_text(text.replace(">old<", ">grüß<"), encoding=encoding)
    assert files.read(photo, sidecar).caption == "grüß"


def test_a_new_sidecar_overwrites_none(photo: Path, sidecar: Path) -> None:
    taken = photo.with_name("a.jpg.xmp")
    taken.write_bytes(b"somebody was faster")
    with pytest.raises(Stale, match=r"a\.jpg\.xmp"):
        files.write(photo, None, EDIT, EDITED, embed=False)
    assert taken.read_bytes() == b"somebody was faster"
    assert listing(photo.parent) == {"a.jpg", "a.xmp", "a.jpg.xmp"}


@pytest.mark.parametrize("name", ["a.jpg", "a.xmp"])
def test_a_file_that_changes_meanwhile_is_not_replaced(
    photo: Path, sidecar: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = photo.with_name(name)

    def look_and_change(path: Path, sidecar: Path | None) -> object:
        seen = look(path, sidecar)
        changed.write_bytes(changed.read_bytes() + b" ")
        return seen

    look = files._look
    monkeypatch.setattr(files, "_look", look_and_change)
    with pytest.raises(Stale, match=name):
        files.write(photo, sidecar if name == "a.xmp" else None, EDIT, EDITED)
    assert changed.read_bytes().endswith(b" ")
    assert listing(photo.parent) == {"a.jpg", "a.xmp"}


def test_a_full_disk_leaves_the_file(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(self: disk.Temporary, final: Path) -> None:
        raise OSError(28, "No space left on device")

    data = photo.read_bytes()
    monkeypatch.setattr(disk.Temporary, "replace", no_space)
    with pytest.raises(OSError, match="No space"):
        files.write(photo, None, EDIT, EDITED)
    assert photo.read_bytes() == data
    assert listing(photo.parent) == {"a.jpg"}


def test_a_file_that_the_disk_does_not_give_is_no_photo_that_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.read(tmp_path / "gone.jpg", None)
    with pytest.raises(IsADirectoryError):
        files.read(tmp_path, None)
    with pytest.raises(FileNotFoundError):
        files.write(tmp_path / "gone.jpg", None, EDIT, EDITED)
    assert listing(tmp_path) == set()


@pytest.mark.parametrize("name", [b"\xff\xe9.jpg", b"-.jpg", b"http:.jpg", b"a\nb.jpg"])
def test_names_of_every_kind(
    tmp_path: Path, full: Make, name: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(os.fsdecode(name))
    path.write_bytes(full("jpg"))
    shown = files.read(path, None)
    assert shown.title == "iptc title"
    assert files.write(path, None, EDIT, EDITED) is None
    assert files.read(path, None) == shown.but(EDIT, EDITED)
    assert files.write(path, None, NOTHING_SAID, EDITED, embed=False) is not None


def test_a_link_stays_one(photo: Path) -> None:
    real = photo.rename(photo.with_name("real.jpg"))
    photo.symlink_to("real.jpg")
    files.write(photo, None, EDIT, EDITED)
    assert photo.is_symlink()
    assert files.read(real, None).title == "new"
    sidecar = files.write(photo, None, NOTHING_SAID, EDITED, embed=False)
    assert sidecar == photo.with_name("a.jpg.xmp")


def test_text_that_xml_cannot_hold_is_written_without_it(photo: Path) -> None:
    for embed in (True, False):
        files.write(
            photo, None, Metadata(title="a\0b\x1fc\ud800d\x7f\uffff"), [Field.TITLE], embed=embed
        )
    assert files.read(photo, None).title == "abcd"


def test_metadata_too_large_for_a_jpeg_goes_to_a_sidecar(photo: Path) -> None:
    large = Metadata(caption="x" * 100_000)
    sidecar = files.write(photo, None, large, [Field.CAPTION])
    assert sidecar == photo.with_name("a.jpg.xmp")
    assert files.read(photo, sidecar).caption == large.caption


def test_a_file_too_large_for_memory_gets_a_sidecar(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LARGEST", photo.stat().st_size - 1)
    assert files.write(photo, None, EDIT, EDITED) == photo.with_name("a.jpg.xmp")


def test_what_exiv2_cannot_write_is_told(photo: Path) -> None:
    with pytest.raises(Rejected, match=r"a\.jpg"):
        files.write(photo, None, Metadata(label="type=Nothing x"), [Field.LABEL])


@pytest.mark.parametrize(
    ("start", "old", "new"),
    [
        ("jpg", b"<rdf:RDF", b"<rdf:RDX"),
        ("png", b"<rdf:RDF", b"<rdf:RDX"),
        ("webp", b"<rdf:RDF", b"<rdf:RDX"),
        ("jpg", b"Exif\0\0II*\0\x08", b"Exif\0\0II*\0\xff"),
        ("jpg", b"Exif\0\0II*\0", b"Exif\0\0JJ*\0"),
        ("jpg", b"\x1c\x02i\0\x04kept", b"\x1d\x02i\0\x04kept"),
    ],
)
def test_a_file_with_metadata_that_cannot_be_read_is_not_written(
    tmp_path: Path, full: Make, start: str, old: bytes, new: bytes
) -> None:
    path = tmp_path / f"a.{start}"
    data = full(start)
    assert old in data
    path.write_bytes(data.replace(old, new))
    before = path.read_bytes()
    shown = files.read(path, None)
    sidecar = files.write(path, None, EDIT, EDITED)
    assert sidecar == tmp_path / f"a.{start}.xmp"
    assert files.read(path, sidecar) == shown.but(EDIT, EDITED)
    assert path.read_bytes() == before


def with_maker_note(data: bytes) -> bytes:
    image = exiv2.ImageFactory.open(data)
    image.readMetadata()
    image.exifData()["Exif.Photo.MakerNote"] = exiv2.DataValue(NOTE, *UNDEFINED)
    image.writeMetadata()
    return bytes(image.io().mmap())


def place_in_exif(data: bytes, what: bytes) -> int:
    assert data.count(what) == 1
    return data.index(what) - data.index(b"Exif\0\0")


NOTE = b"what only the camera understands " * 20
UNDEFINED = exiv2.ByteOrder.invalidByteOrder, exiv2.TypeId.undefined


def test_a_maker_note_is_not_moved(tmp_path: Path, full: Make) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(with_maker_note(full("jpg")))
    place = place_in_exif(path.read_bytes(), NOTE)
    for said in (
        Metadata(caption="a long caption" * 20, creator=("Ann", "Bob"), rating=5),
        Metadata(caption="b", taken="2012-07-01T10:20:30.250+02:00", location=Location(1.0, 2.0)),
        NOTHING_SAID,
        EDIT,
    ):
        assert files.write(path, None, said, METADATA_FIELDS) is None
        assert files.read(path, None) == said
        assert place_in_exif(path.read_bytes(), NOTE) == place
    assert everything(path)["Exif.Image.Make"] == "Kept"


def test_nothing_is_left_of_what_was_said(tmp_path: Path, full: Make) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(with_maker_note(full("jpg")))
    for caption in ("nobody must know this", "nor what stands here", "short", "", "a bit longer"):
        files.write(path, None, Metadata(caption=caption), [Field.CAPTION])
        files.write(path, None, Metadata(caption="public"), [Field.CAPTION])
        data = path.read_bytes()
        assert caption == "" or caption.encode() not in data


def test_a_gain_map_is_found_after_an_edit(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    pictures = [Image.linear_gradient("L"), Image.radial_gradient("L")]
    pictures[0].save(path, "MPO", save_all=True, append_images=pictures[1:])
    for said in (EDIT, NOTHING_SAID):
        assert files.write(path, None, said, EDITED) is None
        with Image.open(path) as shown:
            shown.seek(1)
            assert shown.tobytes()[128 * 256 + 128] < 20  # the middle of the second one is black
        # The first one is as large as where the second one begins.
        data = path.read_bytes()
        size = data.rindex(b"\xff\xd8\xff").to_bytes(4, "little")
        assert size in data[data.index(b"MPF\0") :][:100]


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_a_maker_note_that_would_be_moved_stays(tmp_path: Path, full: Make, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(with_maker_note(full(suffix)))
    data = path.read_bytes()
    assert files.write(path, None, EDIT, EDITED) == tmp_path / f"a.{suffix}.xmp"
    assert path.read_bytes() == data


def test_the_broken_photos_of_others(sample_photos: Path, tmp_path: Path) -> None:
    broken = [*sample_photos.glob("jpg/invalid/*"), *sample_photos.glob("jpg/tests/*")]
    for path in [*broken, sample_photos / "jpg/corrupted.jpg"]:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        shown = files.read(copy, None)
        sidecar = files.write(copy, None, EDIT, EDITED)
        assert files.read(copy, sidecar) == shown.but(EDIT, EDITED)
        assert digest(copy).content == digest(path).content


def test_tags_that_are_nested_without_end_keep_nobody_busy() -> None:
    deep = '<Category Assigned="1">a' * 3000 + "</Category>" * 3000
    with exiv2_alone():
        held = Held.of_packet("")
        held.set_xmp("Xmp.acdsee.categories", f"<Categories>{deep}</Categories>")
        assert tags.read(held) == {"/".join("a" * depth) for depth in range(1, 33)}


@pytest.mark.parametrize("filling", [" ", "xmlns:"])
def test_a_sidecar_with_much_in_it_that_is_nothing_keeps_nobody_busy(
    photo: Path, sidecar: Path, filling: str
) -> None:
    text = sidecar.read_text()
    sidecar.write_text(text.replace(">old<", f">old{filling * 100_000}<"))
    before = time.monotonic()
    files.read(photo, sidecar)
    assert time.monotonic() - before < 5


def test_threads(photo: Path) -> None:
    expected = files.read(photo, None)
    shown: list[Metadata] = []

    def read() -> None:
        shown.extend(files.read(photo, None) for _ in range(50))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shown == [expected] * 200
