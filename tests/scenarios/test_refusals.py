"""What a service that refuses something means for a run: the end of it, or nothing."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from imgsync import execute
from imgsync.errors import Denied, Rejected
from imgsync.events import Summary
from imgsync.model import Album, Photo
from imgsync.plan import Policy
from imgsync.run import Scope
from imgsync.service import Capabilities, Service, Source
from imgsync.services.files import Files
from imgsync.services.memory import Memory
from imgsync.sync import SyncRun
from imgsync.testing.pictures import jpeg


def sync(folder: Path, service: Service) -> tuple[Summary, list[str]]:
    """What was done, and the troubles."""
    run = SyncRun(
        Files("local", folder, jobs=1, own=True),
        folder,
        service,
        "nas",
        policy=Policy(),
        scope=Scope(),
        jobs=2,
        listen=lambda event: None,
    )
    plan = run.look()
    return run.do(plan), [str(error) for error in plan.troubles]


class Refusing(Memory):
    """Takes two photos at once; refuses us with `no.jpg`, while another one is under way.

    `ending`: the run knows of it, and waits for what is under way.
    """

    def __init__(self) -> None:
        super().__init__("nas", capabilities=Capabilities(connections=2))
        self.asked: list[str] = []
        self.begun, self.ending = Event(), Event()

    def create(self, album: Album, source: Source) -> Photo:
        self.asked.append(source.name)
        if source.name == "no.jpg":
            assert self.begun.wait(60)
            raise Denied("the key is wrong")
        self.begun.set()
        assert self.ending.wait(60)
        return super().create(album, source)


def test_nothing_begins_after_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nas = Refusing()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            nas.ending.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    monkeypatch.setattr(execute, "ThreadPoolExecutor", Pool)
    for name, picture in (("a.jpg", 1), ("b.jpg", 1), ("c.jpg", 1), ("no.jpg", 2)):
        (tmp_path / name).write_bytes(jpeg(picture))  # copies come one after the other
    done, troubles = sync(tmp_path, nas)
    assert troubles == ["the key is wrong"]
    assert (sorted(nas.asked), done.created) == (["a.jpg", "no.jpg"], 1)


class Unprepared(Memory):
    """Declines to be told in advance."""

    def expect(self, photos: Collection[Photo]) -> None:
        raise Rejected(f"{len(photos)} are too many")


def test_a_service_that_declines_to_be_told_in_advance_gets_the_photos_all_the_same(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(1))
    done, troubles = sync(tmp_path, Unprepared("nas"))
    assert (done.created, troubles) == (1, [])
