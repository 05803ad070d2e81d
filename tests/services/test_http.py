"""What `Http` makes of servers that are busy, broken, hostile or slow."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, cast

import pytest

from imgsync.errors import Denied, Rejected, Stale, Unavailable, UsageError
from imgsync.services.http import Declined, Http, Part
from imgsync.testing.faults import breaking

SECRET = "SECRET-0123456789"
DEEP = b"[" * 100_000


class Answer:
    """What the server does with one request."""

    def __init__(
        self,
        status: int = 200,
        body: object = "fine",
        *,
        headers: dict[str, str] | None = None,
        cut: int = 0,
        unread: bool = False,
        hang_up: bool = False,
    ) -> None:
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = headers or {}
        self.cut = cut
        self.unread = unread
        self.hang_up = hang_up


FINE = Answer()
LOST = Answer(hang_up=True)


class Server:
    """Answers as it is told, one answer after the other, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [FINE]
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.keeps = True
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return lambda: server.answer(self)
                raise AttributeError(name)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.asked.append((request.command, request.path, dict(request.headers)))
        size = int(request.headers.get("Content-Length") or 0)
        if not answer.unread:
            body = request.rfile.read(size) if self.keeps else self._skip(request.rfile, size)
            self.bodies.append(body)
            if self.keeps and len(body) < size:
                request.close_connection = True
                return
        if answer.hang_up:
            request.close_connection = True
            return
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer.body)))
        request.end_headers()
        request.wfile.write(answer.body[: len(answer.body) - answer.cut])
        if answer.cut or answer.unread:
            request.close_connection = True

    def _skip(self, stream: Any, size: int) -> bytes:
        while size:
            size -= len(stream.read(min(size, 1 << 16)))
        return b""

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def _server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def server(_server: Server) -> Server:
    _server.answers, _server.keeps = [FINE], True
    _server.asked.clear()
    _server.bodies.clear()
    return _server


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def http(server: Server, pauses: list[float]) -> Iterator[Http]:
    http = Http(
        server.url,
        who="attic",
        headers={"x-key": SECRET},
        secrets=[SECRET],
        sleep=pauses.append,
    )
    yield http
    http.close()


def said(error: BaseException) -> str:
    """All that a traceback or a log could show of an error."""
    context = error.__context__
    return f"{error!s} {error!r} {error.__cause__!r} {'' if context is None else context!s}"


# Errors

REFUSALS: list[tuple[int, type[Exception]]] = [
    (301, Denied),
    (307, Denied),
    (400, Declined),
    (401, Denied),
    (403, Denied),
    (404, Declined),
    (413, Declined),
    (429, Unavailable),
    (500, Unavailable),
    (502, Unavailable),
    (503, Unavailable),
    (504, Unavailable),
]


@pytest.mark.parametrize(("status", "error"), REFUSALS)
def test_a_status_becomes_the_error_that_tells_what_to_do(
    server: Server, http: Http, status: int, error: type[Exception]
) -> None:
    why = {"message": ["name is too long", f"for {SECRET}"]}
    server.answers = [Answer(status, why, headers={"Location": f"https://u:{SECRET}@x.example/y"})]
    with pytest.raises(error) as raised:
        http.ask("POST", "/photos", str, data={"a": 1})
    assert SECRET not in said(raised.value)
    assert "attic" in str(raised.value)
    if status < 400:
        assert "https://x.example/y" in str(raised.value)
    else:
        assert "name is too long; for ***" in str(raised.value)
    assert len(server.asked) == 1


def test_what_is_declined_tells_its_status_and_reason(server: Server, http: Http) -> None:
    server.answers = [Answer(422, {"message": "no\x1b[31m such\nplace"})]
    with pytest.raises(Declined) as raised:
        http.ask("GET", "/x", str)
    assert (raised.value.status, raised.value.reason) == (422, "no [31m such place")


@pytest.mark.parametrize("status", [400, 503])
def test_a_refusal_that_is_nested_without_end_says_nothing(
    server: Server, http: Http, status: int
) -> None:
    server.answers = [Answer(status, b'{"message":' + DEEP)]
    with pytest.raises(Unavailable if status == 503 else Declined, match=rf"\({status}\)$"):
        http.ask("POST", "/x", str)


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("/login", "sends us on to {server}/login"),
        ("//x.example/y", "sends us on to http://x.example/y"),
        ("http://[::1", "sends us on to no address"),
        ("http://x.example:no", "sends us on to http://x.example:no"),
    ],
)
def test_a_redirection_is_told_wherever_it_leads(
    server: Server, http: Http, location: str, told: str
) -> None:
    server.answers = [Answer(302, headers={"Location": location})]
    with pytest.raises(Denied) as raised:
        http.ask("GET", "/x", str)
    assert told.format(server=server.url) in str(raised.value)


@pytest.mark.parametrize("path", ["/a\0b", "/" + "a" * 70_000], ids=["nul", "long"])
def test_an_address_made_of_a_hostile_name_is_not_asked(
    server: Server, http: Http, path: str
) -> None:
    with pytest.raises(Unavailable, match=r"attic at .* cannot be asked"):
        http.ask("GET", path, str)
    assert server.asked == []


@pytest.mark.parametrize("host", ["a" * 300, "xn--ä..example"], ids=["long", "idna"])
def test_a_host_that_cannot_be_is_told_with_its_service(host: str) -> None:
    with (
        closing(Http(f"http://{host}", who="attic", sleep=lambda _: None)) as http,
        pytest.raises(Unavailable, match=r"attic at .* cannot be"),
    ):
        http.ask("GET", "/x", str)


@pytest.mark.parametrize(
    "body",
    [b"<html>login</html>", b"", b'{"a":', b"\xff\xfe", b"[1]"],
)
def test_an_answer_that_makes_no_sense_is_no_success(
    server: Server, http: Http, body: bytes
) -> None:
    server.answers = [Answer(200, body)]
    with pytest.raises(Unavailable, match="right url"):
        http.ask("POST", "/x", str)


def test_an_answer_that_is_nested_without_end_makes_no_sense(server: Server, http: Http) -> None:
    server.answers = [Answer(200, b'{"a":' + DEEP)]
    with pytest.raises(Unavailable, match="right url"):
        http.ask("POST", "/x", dict[str, object])


@pytest.mark.parametrize(
    "url",
    [
        "photos.example",
        "ftp://photos.example",
        "https://",
        "http://x/?key=1",
        "https://[::1",
        "https://photos.example:99999",
        "https://photos.example:no",
    ],
)
def test_a_url_that_is_none_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="https://photos"):
        Http(url, who="attic")


def test_a_password_in_the_url_is_used_and_never_shown(server: Server) -> None:
    url = server.url.replace("http://", f"http://ann:{SECRET}@")
    http = Http(url, who="attic", sleep=lambda _: None)
    assert SECRET not in repr(http) + http.where
    assert http.ask("GET", "/x", str) == "fine"
    assert server.asked[0][2]["Authorization"].startswith("Basic ")
    server.answers = [Answer(401, {"message": f"{SECRET} is wrong"})]
    with pytest.raises(Denied) as raised:
        http.ask("GET", "/x", str)
    assert SECRET not in said(raised.value)
    http.close()


def test_signs_of_a_user_and_password_are_written_as_in_any_url(server: Server) -> None:
    url = server.url.replace("http://", "http://ann%40home:p%40ss%3A%2F@")
    with closing(Http(url, who="attic", sleep=lambda _: None)) as http:
        assert http.ask("GET", "/x", str) == "fine"
        _, _, told = server.asked[0][2]["Authorization"].partition(" ")
        assert base64.b64decode(told) == b"ann@home:p@ss:/"
        server.answers = [Answer(401, {"message": "p@ss:/ is wrong, and p%40ss%3A%2F too"})]
        with pytest.raises(Denied, match=r"\*\*\* is wrong, and \*\*\* too"):
            http.ask("GET", "/x", str)


# Patience


@pytest.mark.parametrize("trouble", [Answer(503), Answer(429), LOST], ids=["503", "429", "lost"])
def test_what_changes_nothing_is_tried_again(
    server: Server, http: Http, pauses: list[float], trouble: Answer
) -> None:
    server.answers = [trouble, trouble, FINE]
    assert http.ask("GET", "/x", str) == "fine"
    assert pauses == [0.5, 1.0]
    server.answers = [trouble, FINE]
    assert http.ask("POST", "/search", str, data={}, safe=True) == "fine"


@pytest.mark.parametrize("trouble", [Answer(503), Answer(429), LOST], ids=["503", "429", "lost"])
def test_what_may_have_been_done_is_not_asked_twice(
    server: Server, http: Http, pauses: list[float], trouble: Answer
) -> None:
    server.answers = [trouble, FINE]
    with pytest.raises(Unavailable):
        http.ask("POST", "/x", str, data={})
    assert pauses == []
    assert len(server.asked) == 1


def test_it_gives_up_in_the_end(server: Server, http: Http, pauses: list[float]) -> None:
    server.answers = [Answer(503)]
    with pytest.raises(Unavailable):
        http.ask("GET", "/x", str)
    assert (len(server.asked), pauses) == (4, [0.5, 1.0, 2.0])


@pytest.mark.parametrize(
    ("header", "waits"),
    [("3", [3.0]), ("0", [0.0]), ("Thu, 01 Jan 1970 00:00:00 GMT", [0.0]), ("soon", [0.5])],
)
def test_it_waits_as_long_as_the_server_says(
    server: Server, http: Http, pauses: list[float], header: str, waits: list[float]
) -> None:
    server.answers = [Answer(429, headers={"Retry-After": header}), FINE]
    assert http.ask("GET", "/x", str) == "fine"
    assert pauses == waits


def test_a_long_pause_is_left_to_others(server: Server, http: Http, pauses: list[float]) -> None:
    server.answers = [Answer(429, headers={"Retry-After": "3600"})]
    with pytest.raises(Unavailable) as raised:
        http.ask("GET", "/x", str)
    assert (raised.value.retry_after, pauses) == (3600.0, [])


def test_a_server_that_is_not_there_was_asked_nothing(pauses: list[float]) -> None:
    gone = Server()
    http = Http(gone.url, who="attic", sleep=pauses.append)
    gone.close()
    with pytest.raises(Unavailable, match="cannot be reached"):
        http.ask("POST", "/x", str)
    assert len(pauses) == 3
    http.close()


def test_a_server_that_says_nothing_is_unavailable(
    server: Server, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgsync.services.http.ANSWER", 0.05)
    slow = threading.Event()
    monkeypatch.setattr(server, "answer", lambda request: slow.wait(2))
    with pytest.raises(Unavailable, match="does not answer in time"):
        http.ask("POST", "/x", str)
    slow.set()


# Files that go


def part(stream: BinaryIO, size: int) -> list[Part]:
    return [Part("name", 'ä "b"\n'), Part("file", stream, size, 'a"\r\n.jpg')]


def test_a_form_arrives_as_it_was_told(server: Server, http: Http) -> None:
    data = bytes(range(256)) * 3000
    assert http.send("POST", "/x", str, part(io.BytesIO(data), len(data))) == "fine"
    kind = server.asked[0][2]["Content-Type"]
    boundary = kind.partition("boundary=")[2].encode()
    first, second = server.bodies[0].split(b"--" + boundary)[1:-1]
    assert first.endswith('\r\n\r\nä "b"\n\r\n'.encode())
    head, _, body = second.partition(b"\r\n\r\n")
    assert b'filename="a%22%0D%0A.jpg"' in head
    assert body == data + b"\r\n"


class Zeros(io.RawIOBase):
    """So many zeros, that are nowhere."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1, /) -> bytes:
        size = min(size, self.left) if size >= 0 else self.left
        self.left -= size
        return bytes(size)


def test_a_large_file_is_never_in_memory(server: Server, http: Http) -> None:
    size = 64 << 20
    http.ask("GET", "/warm", str)
    server.keeps = False
    tracemalloc.start()
    try:
        http.send("POST", "/x", str, part(cast(BinaryIO, Zeros(size)), size))
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


BROKEN: dict[str, tuple[Callable[[], BinaryIO], type[Exception]]] = {
    "the disk fails": (lambda: breaking(b"half", OSError("gone")), OSError),
    "the other service fails": (lambda: breaking(b"half", Stale("gone")), Stale),
    "too short": (lambda: io.BytesIO(b"half"), Rejected),
    "too long": (lambda: io.BytesIO(b"more than half"), Rejected),
}


@pytest.mark.parametrize(("stream", "error"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_fails_on_the_way_never_arrives(
    server: Server, http: Http, stream: Callable[[], BinaryIO], error: type[Exception]
) -> None:
    with pytest.raises(error):
        http.send("POST", "/x", str, part(stream(), 9))
    assert all(not body.endswith(b"--\r\n") for body in server.bodies)
    assert http.ask("GET", "/x", str) == "fine"


def test_an_answer_may_come_before_the_file_is_sent(server: Server, http: Http) -> None:
    server.answers = [Answer(200, "known already", unread=True), FINE]
    size = 32 << 20
    zeros = cast(BinaryIO, Zeros(size))
    with suppress(Unavailable):  # the system may break the connection before it can be read
        assert http.send("POST", "/x", str, part(zeros, size)) == "known already"
    assert http.ask("GET", "/x", str) == "fine"


# Files that come

PICTURE = bytes(range(256)) * 5000
CHECKSUM = "sha1:" + hashlib.sha1(PICTURE).hexdigest()


def test_a_file_comes_whole_in_pieces(server: Server, http: Http) -> None:
    server.answers = [Answer(200, PICTURE)]
    stream, size = http.fetch("/x", checksum=CHECKSUM)
    with stream:
        data = stream.read(3) + stream.read(0) + stream.read(700_000) + stream.read()
    assert (data, size) == (PICTURE, len(PICTURE))
    assert server.asked[0][2]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    "answer",
    [Answer(200, PICTURE, cut=1000), Answer(200, PICTURE[:-1]), Answer(200, b"")],
    ids=["cut off", "another file", "empty"],
)
def test_a_file_that_is_not_whole_is_noticed_at_its_end(
    server: Server, http: Http, answer: Answer
) -> None:
    server.answers = [answer]
    stream, _ = http.fetch("/x", checksum=CHECKSUM)
    with stream, pytest.raises(Unavailable):
        stream.read()


def test_a_file_that_is_refused_says_why(server: Server, http: Http) -> None:
    server.answers = [Answer(404, {"message": "no such photo"})]
    with pytest.raises(Declined, match="no such photo"):
        http.fetch("/x")


def test_a_command_without_a_network_loads_none() -> None:
    code = "import sys, imgsync.services.immich; sys.exit('httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
