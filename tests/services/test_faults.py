"""A faulty service fails as its script says, and is the service itself otherwise."""

from __future__ import annotations

from collections.abc import Collection
from inspect import isfunction

import pytest

from imgsync.errors import Denied, Rejected, Stale, Unavailable
from imgsync.model import NOTHING_SAID, Album, Field, Metadata, Photo
from imgsync.service import Look, Service, Source
from imgsync.services.memory import Memory
from imgsync.testing.checks.basis import source
from imgsync.testing.conformance import Conformance
from imgsync.testing.faults import Crash, Fault, Faulty, at_writes
from imgsync.testing.pictures import jpeg
from imgsync.testing.user import User

BEFORE = {
    Fault.UNAVAILABLE: Unavailable,
    Fault.DENIED: Denied,
    Fault.REJECTED: Rejected,
    Fault.STALE: Stale,
    Fault.CRASH: Crash,
}
AFTER = {Fault.LOST: Unavailable, Fault.CRASHED: Crash}
TITLE = frozenset({Field.TITLE})


class TestFaultless(Conformance):
    @pytest.fixture
    def service(self) -> Service:
        return Faulty(Memory(), lambda op: None)

    def trash(self, service: Service) -> Collection[bytes] | None:
        assert isinstance(service, Faulty)
        assert isinstance(service.service, Memory)
        return [kept.picture for kept in service.service.trash]


@pytest.fixture
def memory() -> Memory:
    """A service whose album "Summer" has the photos a, b, c and d."""
    memory = Memory()
    for number, name in enumerate("abcd"):
        User(memory).add("Summer", f"{name}.jpg", jpeg(number))
    return memory


def _summer(memory: Memory) -> tuple[Album, Photo]:
    [album] = memory.albums()
    return album, User(memory).photos("Summer")["a.jpg"]


def test_a_faulty_service_answers_every_call_as_the_service_does() -> None:
    calls = {name for name, call in vars(Service).items() if isfunction(call)}
    assert calls <= vars(Faulty).keys()


@pytest.mark.parametrize(("fault", "error"), BEFORE.items())
def test_a_fault_before_a_write_changes_nothing(
    memory: Memory, fault: Fault, error: type[BaseException]
) -> None:
    service, (album, photo) = Faulty(memory, at_writes([fault])), _summer(memory)
    with pytest.raises(error):
        service.edit(album, photo, Metadata(title="Beach"), TITLE)
    assert User(memory).photos("Summer")["a.jpg"] == photo
    assert service.writes == 1


@pytest.mark.parametrize(("fault", "error"), AFTER.items())
def test_a_fault_after_a_write_hides_what_was_done(
    memory: Memory, fault: Fault, error: type[BaseException]
) -> None:
    service, (album, photo) = Faulty(memory, at_writes([fault])), _summer(memory)
    with pytest.raises(error):
        service.edit(album, photo, Metadata(title="Beach"), TITLE)
    assert User(memory).photos("Summer")["a.jpg"].metadata.title == "Beach"


def test_every_write_takes_one_element_of_the_script(memory: Memory) -> None:
    asked: list[str] = []

    def script(op: str) -> Fault | None:
        asked.append(op)
        return faults(op)

    faults = at_writes([None, None, None, None, None, None, Fault.STALE])
    service, (album, photo) = Faulty(memory, script), _summer(memory)
    winter = service.create_album("Winter")
    new = service.create(winter, source("e.jpg", 5))
    new = service.replace(winter, new, source("e.jpg", 6))
    new = service.edit(winter, new, Metadata(title="Snow"), TITLE)
    new = service.move(winter, new, album, "f.jpg")
    service.delete(album, new)
    assert len(list(service.photos(album, Look()))) == 4
    with pytest.raises(Stale):
        service.move_album(winter, "2012")
    service.move_album(winter, "2012")
    assert service.writes == 8
    assert asked == [
        "create_album",
        "create",
        "replace",
        "edit",
        "move",
        "delete",
        "photos",
        "move_album",
        "move_album",
    ]
    with service.open(album, photo) as original:
        assert original.stream.read() == jpeg(0)


@pytest.mark.parametrize(("fault", "error"), AFTER.items())
def test_a_listing_breaks_off_in_the_middle(
    memory: Memory, fault: Fault, error: type[BaseException]
) -> None:
    service, (album, _) = Faulty(memory, lambda op: fault), _summer(memory)
    seen: list[str] = []
    with pytest.raises(error):
        seen.extend(photo.name for photo in service.photos(album, Look()))
    assert seen == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(("fault", "error"), (BEFORE | AFTER).items())
def test_a_picture_that_was_not_wholly_sent_is_not_there(
    memory: Memory, fault: Fault, error: type[BaseException]
) -> None:
    service, (album, photo) = Faulty(memory, lambda op: fault), _summer(memory)
    target = Memory()
    there = target.create_album("Summer")
    source = Source("a.jpg", NOTHING_SAID, photo, lambda: service.open(album, photo))
    with pytest.raises(error):
        target.create(there, source)
    assert list(target.photos(there, Look())) == []
