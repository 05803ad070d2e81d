"""A service that refuses us ends a run at once, whatever else is under way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from imgsync import execute
from imgsync.errors import Denied
from imgsync.model import Album, Photo
from imgsync.plan import Policy
from imgsync.run import Scope
from imgsync.service import Capabilities, Source
from imgsync.services.files import Files
from imgsync.services.memory import Memory
from imgsync.sync import SyncRun
from imgsync.testing.pictures import jpeg


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
    run = SyncRun(
        Files("local", tmp_path, jobs=1, own=True),
        tmp_path,
        nas,
        "nas",
        policy=Policy(),
        scope=Scope(),
        jobs=2,
        listen=lambda event: None,
    )
    plan = run.look()
    done = run.do(plan)
    assert [str(error) for error in plan.troubles] == ["the key is wrong"]
    assert (sorted(nas.asked), done.created) == (["a.jpg", "no.jpg"], 1)
