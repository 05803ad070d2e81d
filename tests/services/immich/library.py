"""What a fake Immich keeps, and the jobs that change it behind one's back."""

from __future__ import annotations

import base64
import hashlib
import heapq
import html
import itertools
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .extraction import Said, from_file, from_xmp, merged, moment, zone_of


def iso(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@dataclass(eq=False)
class Kept:
    """An asset: its file, and the row that was last made of file and sidecar."""

    id: str
    name: str
    data: bytes
    created: str
    modified: str
    updated: str = ""
    sidecar: Said | None = None
    writing: bool = False
    favorite: bool = False
    trashed: bool = False
    visibility: str = "timeline"
    row: dict[str, Any] = field(default_factory=dict)
    local: str = ""
    tags: set[str] = field(default_factory=set)
    film: tuple[int, bytes] | None = None  # of one that is not kept: its size and SHA-1

    @property
    def checksum(self) -> str:
        digest = self.film[1] if self.film else hashlib.sha1(self.data).digest()
        return base64.b64encode(digest).decode()

    @property
    def size(self) -> int:
        return self.film[0] if self.film else len(self.data)


@dataclass(eq=False)
class Shelf:
    id: str
    name: str
    created: str
    assets: list[str] = field(default_factory=list)
    owned: bool = True


class Jobs:
    """Runs what it is given after a while, in threads of its own order: one after another."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._change = threading.Condition()
        self._running = False
        self.paused = False
        self._closed = False
        threading.Thread(target=self._work, daemon=True).start()

    def after(self, seconds: float, job: Callable[[], None]) -> None:
        with self._change:
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._numbers), job))
            self._change.notify()

    @property
    def waiting(self) -> int:
        with self._change:
            return len(self._heap) + self._running

    def pause(self, yes: bool) -> None:
        with self._change:
            self.paused = yes
            self._change.notify()

    def close(self) -> None:
        with self._change:
            self._closed = True
            self._change.notify()

    def _work(self) -> None:
        while True:
            with self._change:
                self._running = False
                while not self._closed and (self.paused or not self._is_due()):
                    due = self._heap[0][0] - time.monotonic() if self._heap else None
                    self._change.wait(None if self.paused or due is None else max(due, 0))
                if self._closed:
                    return
                job = heapq.heappop(self._heap)[2]
                self._running = True
            job()

    def _is_due(self) -> bool:
        return bool(self._heap) and self._heap[0][0] <= time.monotonic()


class Library:
    """All that one user has. `slow` is how long each step of a job takes, in seconds.

    Whoever touches it holds `lock`.
    """

    def __init__(self, version: tuple[int, int, int], slow: float = 0.004) -> None:
        self.version = version
        self.slow = slow
        self.lock = threading.RLock()
        self.assets: dict[str, Kept] = {}
        self.albums: dict[str, Shelf] = {}
        self.tags: dict[str, str] = {}
        self.jobs = Jobs()
        self.forgets_sidecars = False
        self._clock = 0

    def now(self) -> str:
        """The time, to the millisecond; later at every call."""
        self._clock = max(self._clock + 1, time.time_ns() // 1_000_000)
        return iso(datetime.fromtimestamp(self._clock / 1000, UTC))

    # Assets

    def add(self, name: str, data: bytes, created: str, modified: str, xmp: bytes | None) -> Kept:
        kept = Kept(str(uuid.uuid4()), name, data, created, modified, self.now(), local=created)
        kept.sidecar = from_xmp(xmp) if xmp else None
        self.assets[kept.id] = kept
        self.jobs.after(self.slow, lambda: self.extract(kept))
        return kept

    def of(self, checksum: str) -> Kept | None:
        """The asset of a checksum in hex or base64, in the trash or not."""
        if len(checksum) == 40:
            checksum = base64.b64encode(bytes.fromhex(checksum)).decode()
        return next((k for k in self.assets.values() if k.checksum == checksum), None)

    def extract(self, kept: Kept) -> None:
        """The job that reads file and sidecar, and overwrites all that is shown."""
        with self.lock:
            row = merged(from_file(kept.data), kept.sidecar, self.version)
            values, taken = row.pop("tags"), row.pop("taken")
            when = moment(taken, zone_of(row, self.version)) if taken else moment(kept.modified)
            kept.created, kept.local = iso(when[0]), iso(when[1])
            kept.row = {**row, "dateTimeOriginal": iso(when[0]), "exifImageWidth": 64}
            kept.tags = {self.tag(value) for value in values}
            kept.updated = self.now()

    def edit(self, kept: Kept, values: dict[str, Any]) -> None:
        """What PUT does at once, and the job that it starts."""
        told = dict(values)
        if "isFavorite" in told:
            kept.favorite = told.pop("isFavorite")
            kept.updated = self.now()
        if "visibility" in told:
            kept.visibility = told.pop("visibility")
            kept.updated = self.now()
        if told:
            kept.row = {**kept.row, **told}
            self.write_sidecar(kept, told)

    # The sidecar

    def write_sidecar(self, kept: Kept, values: dict[str, Any]) -> None:
        """Starts the job that writes values, or if there are none the tags, into the sidecar."""
        self.jobs.after(self.slow, lambda: self._begin_writing(kept, values))

    def _begin_writing(self, kept: Kept, values: dict[str, Any]) -> None:
        with self.lock:
            if kept.writing:  # "Temporary file already exists": the job fails, and nobody knows
                self.jobs.after(self.slow, lambda: self.extract(kept))
                return
            kept.writing = True
            tags = None if values else sorted(self.tags[id] for id in kept.tags)
            self.jobs.after(self.slow, lambda: self._end_writing(kept, values, tags))

    def _end_writing(self, kept: Kept, values: dict[str, Any], tags: list[str] | None) -> None:
        with self.lock:
            kept.writing = False
            if kept.sidecar is None:
                kept.sidecar = Said()
                kept.updated = self.now()
            if not self.forgets_sidecars:
                self._write(kept.sidecar, values, tags)
            self.jobs.after(self.slow, lambda: self.extract(kept))

    def _write(self, side: Said, values: dict[str, Any], tags: list[str] | None) -> None:
        if tags is not None:
            side.tags = [html.unescape(tag) for tag in tags]
        if "description" in values:
            side.caption = side.description = html.unescape(values["description"])
        if "rating" in values:
            side.rating = values["rating"]
        if "latitude" in values:
            side.place = values["latitude"], values["longitude"]
        if "dateTimeOriginal" in values:
            side.taken = values["dateTimeOriginal"]

    # Tags and albums

    def tag(self, value: str) -> str:
        """The id of a tag, made with those above it if it is not there."""
        value = "/".join(filter(None, value.split("/")))
        if "/" in value:
            self.tag(value.rpartition("/")[0])
        for id, known in self.tags.items():
            if known == value:
                return id
        id = str(uuid.uuid4())
        self.tags[id] = value
        return id

    def delete_tag(self, id: str) -> None:
        """With those below it; no sidecar hears of it, and no asset is touched."""
        value = self.tags[id]
        for each in [i for i, v in self.tags.items() if f"{v}/".startswith(f"{value}/")]:
            del self.tags[each]
            for kept in self.assets.values():
                kept.tags.discard(each)

    def add_album(self, name: str) -> Shelf:
        shelf = Shelf(str(uuid.uuid4()), name, self.now())
        self.albums[shelf.id] = shelf
        return shelf

    def standing(self, shelf: Shelf) -> list[Kept]:
        return [self.assets[id] for id in shelf.assets if not self.assets[id].trashed]

    def is_in_album(self, kept: Kept) -> bool:
        return any(kept.id in shelf.assets for shelf in self.albums.values())
