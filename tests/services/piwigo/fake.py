"""A Piwigo that is none: it answers on a port of this machine, with all of the real one's traps."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from .database import Fatal, Settings, md5
from .methods import Methods, Refusal

USER, PASSWORD = "admin", "correct horse"
KEY = "pkid-20261122-Nchc", "secret-of-the-key"


class Fault(Enum):
    """How one request fails; those in capitals with AFTER once the server did what was asked."""

    RESET = "the connection breaks"
    RESET_AFTER = "the connection breaks afterwards"
    SLOW = "no answer in time"
    SLOW_AFTER = "no answer in time afterwards"
    BUSY = "429"
    DOWN = "503"
    CUT = "half of the answer"
    EXPIRED = "the session is gone"

    @property
    def acts(self) -> bool:
        return self in (Fault.RESET_AFTER, Fault.SLOW_AFTER, Fault.CUT, Fault.EXPIRED)


class FakePiwigo:
    """A gallery with its web server.

    `calls`: how often each method was asked for; `sent`: bytes of files that came in.
    `fail`: asked before each call with the method's name; gives the fault to come, or None.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.calls: Counter[str] = Counter()
        self.sent = 0
        self.fail: Callable[[str], Fault | None] = lambda method: None
        self.methods = Methods(self.settings)
        self.sessions: dict[str, tuple[str, str]] = {}
        self.lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/gallery"
        self.methods.url = self.url
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def expire(self) -> None:
        """All sessions are forgotten, as after an hour without a call."""
        self.sessions.clear()

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """What the block asks for."""
        before = self.calls.copy()
        counted: Counter[str] = Counter()
        yield counted
        counted.update(self.calls - before)

    def answer(self, cookie: str, form: dict[str, list[str]], chunk: bytes) -> tuple[int, str, str]:
        """HTTP status, body and the session's cookie."""
        method = form.pop("method", [""])[0]
        with self.lock:
            self.calls[method] += 1
            self.sent += len(chunk)
            user, token = self.sessions.get(cookie, ("guest", "guest's"))
            if method == "pwg.session.login":
                return self._log_in(form)
            try:
                result = self.methods.call(method, form, chunk, user, token)
            except Refusal as refusal:
                body = {"stat": "fail", "err": refusal.number, "message": refusal.message}
                status = refusal.number if 400 <= refusal.number < 600 else 200
                return status, json.dumps(body), cookie
            except Fatal as fatal:
                page = f"<br />\n<b>Fatal error</b>:  Uncaught {fatal} in <b>x.php</b>"
                return 200, str(fatal) if "file type" in str(fatal) else page, cookie
            warning = "<br />\n<b>Warning</b>:  Undefined" if self.settings.warnings else ""
            status = 500 if self.methods.half_done else 200
            self.methods.half_done = False
            return status, warning + json.dumps({"stat": "ok", "result": result}), cookie

    def _log_in(self, form: dict[str, list[str]]) -> tuple[int, str, str]:
        given = form.get("username", [""])[0], form.get("password", [""])[0]
        known = [(USER, PASSWORD)] + ([KEY] if self.settings.major >= 16 else [])
        if given not in known:
            body = {"stat": "fail", "err": 999, "message": "Invalid username/password"}
            return 200, json.dumps(body), ""
        cookie = f"session{len(self.sessions)}{time.monotonic_ns()}"
        self.sessions[cookie] = (USER, md5(cookie.encode()))
        return 200, json.dumps({"stat": "ok", "result": True}), cookie


def _handler(fake: FakePiwigo) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        gallery = fake

    return Handler


class _Handler(BaseHTTPRequestHandler):
    gallery: ClassVar[FakePiwigo]
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        found = re.fullmatch(r"/gallery/upload/(\d+)\.\w+", urlsplit(self.path).path)
        kept = self.gallery.methods.photos.get(int(found[1])) if found else None
        fault = self.gallery.fail("GET")
        self.gallery.calls["GET"] += 1
        if kept and kept.md5sum in self.gallery.methods.films:
            self._play(self.gallery.methods.films[kept.md5sum][0])
            return
        self._reply(200 if kept else 404, kept.data if kept else b"", "image/jpeg", fault=fault)

    def _play(self, size: int) -> None:
        """Sends so many zeros."""
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        for start in range(0, size, 1 << 20):
            self.wfile.write(bytes(min(1 << 20, size - start)))

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if url.path != "/gallery/ws.php":
            self._reply(404, b"<h1>Not Found</h1>", "text/html")
            return
        form, chunk = _parsed(self.headers["Content-Type"], body)
        form = {"method": query.get("method", [""]), **form}
        method = form["method"][0]
        fault = self.gallery.fail(method)
        if fault is Fault.EXPIRED:
            self.gallery.expire()
        if fault in (Fault.BUSY, Fault.DOWN):
            status = 429 if fault is Fault.BUSY else 503
            self._reply(status, b"too much", "text/html", {"Retry-After": "0"})
            return
        if fault is not None and not fault.acts:
            self._break(fault)
            return
        cookie = re.search(r"pwg_id=(\w+)", self.headers.get("Cookie", ""))
        status, text, session = self.gallery.answer(cookie[1] if cookie else "", form, chunk)
        if fault in (Fault.RESET_AFTER, Fault.SLOW_AFTER):
            self._break(fault)
            return
        kind = "text/plain" if '{"stat"' in text else "text/html"
        headers = {"Set-Cookie": f"pwg_id={session}; path=/gallery"} if session else {}
        self._reply(status, text.encode("utf-8", "surrogatepass"), kind, headers, fault)

    def _reply(
        self,
        status: int,
        body: bytes,
        kind: str,
        headers: dict[str, str] | None = None,
        fault: Fault | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault is Fault.CUT:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def _break(self, fault: Fault) -> None:
        if fault in (Fault.SLOW, Fault.SLOW_AFTER):
            time.sleep(0.3)
        self.close_connection = True


def _parsed(kind: str, body: bytes) -> tuple[dict[str, list[str]], bytes]:
    """The fields of a form, and the file in it."""
    if not kind.startswith("multipart/"):
        return parse_qs(body.decode(), keep_blank_values=True), b""
    boundary = b"--" + kind.partition("boundary=")[2].encode()
    form: dict[str, list[str]] = {}
    file = b""
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        assert name is not None
        if b"filename=" in head:
            file = value[:-2]
        else:
            form.setdefault(name[1].decode(), []).append(value[:-2].decode())
    return form, file
