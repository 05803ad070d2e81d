"""A fake Immich on the loopback interface, which behaves as the real one was seen to behave.

It keeps its photos in a `Library`, and fails when it is told to.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from .library import Kept, Library, Shelf

KEY = "KEY-of-the-admin-0123456789"
USER_KEY = "KEY-of-a-user-9876543210"

IMAGES = [".jpg", ".jpeg", ".png", ".heic", ".tif", ".cr2"]
VIDEOS = [".mp4", ".mov"]
SUFFIXES = {"assetData": (*IMAGES, *VIDEOS), "sidecarData": (".xmp",)}


class Asked(NamedTuple):
    """A request that came: its method, its path without the root, the bytes of its body."""

    method: str
    path: str
    size: int


class Zeros:
    """A file of so many zeros."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, self.size, 1 << 20):
            yield bytes(min(1 << 20, self.size - start))


class Refusal(Exception):
    def __init__(self, status: int, message: object) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Failure:
    """How requests that fit fail.

    "lost" and "acted" break the connection, before or after the server acted; "slow" and "late"
    say nothing for as long as `patience`; "cut" breaks it within the answer; "hold" keeps the
    request until `release`; a number is a status.
    """

    fits: str
    how: str | int
    times: int = 1
    skip: int = 0
    headers: tuple[tuple[str, str], ...] = ()


class FakeImmich:
    """`version` decides what it knows. `keys` have all permissions, or those named."""

    def __init__(self, version: tuple[int, int, int] = (1, 135, 3)) -> None:
        self.version = version
        self.library = Library(version)
        self.keys: dict[str, set[str] | None] = {KEY: None, USER_KEY: None}
        self.admins = {KEY}
        self.asked: list[Asked] = []
        self.failures: list[Failure] = []
        self.patience = 0.0
        self.copied: list[tuple[str, str]] = []  # from which asset to which
        self.endpoint = "/api"
        self.held, self.released = threading.Event(), threading.Event()
        self.quota: tuple[int, int] | None = None
        self.pages_lose = True
        self.meanwhile: Callable[[str], None] = lambda asked: None  # before each is answered
        self.damages = False
        fake = self

        class Bound(_Handler):
            server_of = fake

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.library.jobs.close()
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """As new."""
        self.library.jobs.close()
        self.library = Library(self.version)
        self.asked.clear()
        self.failures.clear()
        self.copied.clear()
        self.meanwhile = lambda asked: None

    def fail(
        self, fits: str, how: str | int, times: int = 1, skip: int = 0, **headers: str
    ) -> None:
        """Requests whose "METHOD /path" fits the pattern fail, after so many that pass."""
        told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        self.failures.append(Failure(fits, how, times, skip, told))

    def release(self) -> None:
        """Lets go of the request that is held."""
        self.released.set()
        self.settle()
        self.held.clear()
        self.released.clear()

    def count(self, fits: str = "") -> int:
        """How many requests came whose "METHOD /path" fits the pattern."""
        return sum(bool(re.search(fits, f"{a.method} {a.path}")) for a in self.asked)

    def settle(self) -> None:
        """Waits until no job is left."""
        while self.library.jobs.waiting:
            time.sleep(0.002)

    def say(self, name: str, **values: Any) -> None:
        """Somebody edits a photo in the web page; `tags` are all that it has then."""
        self.settle()
        with self.library.lock:
            kept = next(k for k in self.library.assets.values() if k.name == name)
            tags = values.pop("tags", None)
            if values:
                self.library.edit(kept, values)
        self.settle()
        if tags is not None:
            with self.library.lock:
                kept.tags = {self.library.tag(tag) for tag in tags}
                self.library.write_sidecar(kept, {})
            self.settle()

    # Answers

    @property
    def is_3(self) -> bool:
        return self.version[0] >= 3

    def shown(self, kept: Kept, *, tags: bool, exif: bool = True) -> dict[str, Any]:
        row = {"description": "", "rating": None, "latitude": None, "longitude": None, **kept.row}
        shown: dict[str, Any] = {
            "id": kept.id,
            "ownerId": "me",
            "originalFileName": kept.name,
            "checksum": kept.checksum,
            "fileCreatedAt": kept.created,
            "fileModifiedAt": kept.modified,
            "localDateTime": kept.local,
            "updatedAt": kept.updated,
            "isFavorite": kept.favorite,
            "isTrashed": kept.trashed,
            "visibility": kept.visibility,
            "type": "IMAGE",
            "hasMetadata": True,
        }
        if exif:
            shown["exifInfo"] = {"fileSizeInByte": kept.size, **row}
        if tags:
            shown["tags"] = [self.tag(id) for id in kept.tags]
        return shown

    def tag(self, id: str) -> dict[str, str]:
        value = self.library.tags[id]
        return {"id": id, "value": value, "name": value.rpartition("/")[2]}

    def album(self, shelf: Shelf, *, assets: bool) -> dict[str, Any]:
        standing = self.library.standing(shelf)
        shown: dict[str, Any] = {
            "id": shelf.id,
            "albumName": shelf.name,
            "createdAt": shelf.created,
            "assetCount": len(standing),
        }
        if not self.is_3:
            shown["assets"] = [_as_stored(self.shown(k, tags=False)) for k in standing if assets]
        return shown

    def kept(self, id: str) -> Kept:
        if not re.fullmatch(r"[0-9a-f-]{36}", id):
            raise Refusal(400, ["id must be a UUID"])
        if id not in self.library.assets or self.library.assets[id].visibility == "locked":
            raise Refusal(400, "Not found or no asset.read access")
        return self.library.assets[id]

    def shelf(self, id: str) -> Shelf:
        if id not in self.library.albums:
            raise Refusal(400, "Not found or no album.read access")
        return self.library.albums[id]


def _as_stored(shown: dict[str, Any]) -> dict[str, Any]:
    """An asset with its times as albums tell them: straight from the database."""
    finer = {key: shown[key].replace("Z", "+00:00") for key in ("fileModifiedAt", "localDateTime")}
    return {**shown, **finer, "updatedAt": shown["updatedAt"].replace("Z", "513+00:00")}


Answer = tuple[int, Any]
Route = Callable[..., Answer]
ROUTES: list[tuple[str, re.Pattern[str], str, Route]] = []


def route(method: str, path: str, permission: str = "") -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        ROUTES.append(
            (method, re.compile(path.replace("ID", "([^/]+)") + r"\Z"), permission, function)
        )
        return function

    return register


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server_of: FakeImmich
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._do
        raise AttributeError(name)

    def _do(self) -> None:
        self.fake = self.server_of
        self.library = self.fake.library
        parts = urlsplit(self.path)
        self.query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        path = unquote(parts.path).removeprefix(self.fake.endpoint)
        self._body: bytes | None = None
        self.fake.meanwhile(f"{self.command} {path}")
        failure = self._failure(f"{self.command} {path}")
        try:
            answer = self._failed(failure) or self._answer(path)
        except Refusal as refusal:
            answer = self._refused(refusal)
        size = int(self.headers.get("content-length") or 0)
        unread = self._body is None and size > 0
        if unread and answer[0] >= 300:
            self.body()  # else the client would find the connection broken
            unread = False
        self.fake.asked.append(Asked(self.command, path, 0 if unread else size))
        empty = answer[0] == 204
        if failure and failure.how == "late":
            time.sleep(self.fake.patience)
            self.close_connection = True
            return
        if failure and (failure.how == "acted" or (failure.how == "cut" and empty)):
            self.close_connection = True
            return
        self._send(*answer, failure)
        if unread:
            self.close_connection = True

    def _failure(self, asked: str) -> Failure | None:
        for failure in self.fake.failures:
            if failure.times > 0 and re.search(failure.fits, asked):
                if failure.skip:
                    failure.skip -= 1
                    continue
                failure.times -= 1
                return failure
        return None

    def _failed(self, failure: Failure | None) -> Answer | None:
        if failure is None or failure.how in ("acted", "late", "cut"):
            return None
        if failure.how == "slow":
            time.sleep(self.fake.patience)
            self.close_connection = True
            return 0, None
        if failure.how == "hold":
            self.fake.held.set()
            self.fake.released.wait(60)
            return None
        if failure.how == "lost":
            self.connection.shutdown(2)
            self.close_connection = True
            return 0, None
        return int(failure.how), {"message": "as the test says"}

    def _answer(self, path: str) -> Answer:
        if path in ("/.well-known/immich", self.fake.endpoint + "/.well-known/immich"):
            return 200, {"api": {"endpoint": self.fake.endpoint}}
        for method, pattern, permission, function in ROUTES:
            found = pattern.match(path)
            if found and method == self.command:
                self._check_key(permission)
                with self.library.lock:
                    status, shown = function(self, *found.groups())
                return status, shown
        raise Refusal(404, f"Cannot {self.command} {path}")

    def _check_key(self, permission: str) -> None:
        if not permission:
            return
        key = self.headers.get("x-api-key")
        if key is None:
            raise Refusal(401, "Authentication required")
        if key not in self.fake.keys:
            raise Refusal(401, "Invalid API key")
        allowed = self.fake.keys[key]
        if allowed is not None and permission not in allowed:
            raise Refusal(403, f"Missing required permission: {permission}")
        if permission == "admin" and key not in self.fake.admins:
            raise Refusal(403, "Forbidden")

    def _refused(self, refusal: Refusal) -> Answer:
        if self.fake.is_3:
            if isinstance(refusal.message, list):
                errors = [
                    dict(zip(("path", "message"), _told(m), strict=True)) for m in refusal.message
                ]
                return refusal.status, {"message": "Validation failed", "errors": errors}
            return refusal.status, {"message": refusal.message, "errors": []}
        names = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
        error = names.get(refusal.status, "Internal Server Error")
        told = {"message": refusal.message, "error": error, "statusCode": refusal.status}
        return refusal.status, {**told, "correlationId": "r7sibftm"}

    def _send(self, status: int, shown: Any, failure: Failure | None) -> None:
        if not status:
            return
        is_file = isinstance(shown, bytes | Zeros)
        body = shown if is_file else b"" if shown is None else _json(shown)
        self.send_response(status)
        kind = "image/jpeg" if is_file else "application/json; charset=utf-8"
        self.send_header("Content-Type", kind)
        for name, value in failure.headers if failure else ():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if failure and failure.how == "cut":
            body = body[: len(body) // 2]
            self.close_connection = True
        for block in body if isinstance(body, Zeros) else [body]:
            self.wfile.write(block)
        self.wfile.flush()

    # What came

    def film(self) -> tuple[dict[str, str], tuple[int, bytes]]:
        """The fields of a form whose last part is a file of zeros, and that file's size and SHA-1.

        It is looked through and not kept.
        """
        boundary = self.headers["content-type"].partition("boundary=")[2].encode()
        left = int(self.headers["content-length"])
        head = b""
        while not head.endswith(b"\r\n\r\n") or b'name="assetData"' not in head:
            head += (line := self.rfile.readline())
            left -= len(line)
        tail = b"\r\n--" + boundary + b"--\r\n"
        size, total = left - len(tail), hashlib.sha1()
        for start in range(0, size, 1 << 20):
            total.update(block := self.rfile.read(min(1 << 20, size - start)))
            if not block:
                raise Refusal(400, "Unexpected end of form")
            self.fake.meanwhile("block")
        self._body = head + self.rfile.read(len(tail))
        return self.form()[0], (size, total.digest())

    def body(self) -> bytes:
        if self._body is None:
            size = int(self.headers.get("content-length") or 0)
            self._body = self.rfile.read(size)
            if len(self._body) < size:
                self.close_connection = True
                raise Refusal(400, "Unexpected end of form")
        return self._body

    def json(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body() or b"{}")
        return told

    def form(self) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
        """The fields and the files of a multipart form.

        From 2.3 on a file is judged by the field `filename`, if that has come already.
        """
        fields: dict[str, str] = {}
        files: dict[str, tuple[str, bytes]] = {}
        boundary = self.headers["content-type"].partition("boundary=")[2].encode()
        for part in self.body().split(b"--" + boundary)[1:-1]:
            head, _, body = part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
            name = re.search(rb' name="([^"]*)"', head)
            file = re.search(rb'filename="([^"]*)"', head)
            assert name
            if file:
                kind, called = name[1].decode(), file[1].decode()
                judged = fields.get("filename", called) if self.fake.version >= (2, 3) else called
                if not judged.lower().endswith(SUFFIXES[kind]):
                    raise Refusal(400, f"Unsupported file type {judged}")
                files[kind] = (called, body)
            else:
                fields[name[1].decode()] = body.decode()
        return fields, files


def _told(message: str) -> tuple[list[str], str]:
    """Where something is wrong, and what, as 3.x tells it."""
    path, colon, what = message.partition(": ")
    return ([path], what) if colon else ([], message)


def _json(shown: Any) -> bytes:
    return json.dumps(shown).encode()
