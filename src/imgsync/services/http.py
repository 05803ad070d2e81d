"""How img-sync speaks HTTP: with patience, in streams, and without telling any secret.

A service gives its calls to an `Http` and gets back decoded answers, or one of the errors of
`imgsync.errors`. httpx2 is imported with the first call.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast
from urllib.parse import unquote, urljoin, urlsplit

import msgspec

from ..errors import Denied, Rejected, Unavailable, UsageError
from .streams import Download, Multipart, Part

if TYPE_CHECKING:
    import httpx2

__all__ = ["NONSENSE", "Declined", "Http", "Part", "said"]

TRIES = 4
PATIENCE = 0.5  # seconds before the second try; doubled for each one after it
LONGEST = 30.0  # seconds; whoever asks for a longer pause is left alone for this run
ANSWER = 60.0  # seconds until a server that was asked something has to say something
DIGEST = 600.0  # the same after an upload, which it may have to check, copy and move

_BUSY = frozenset({408, 425, 429, 502, 503, 504})

# What decoding raises; the last where a body is nested thousands of levels deep.
NONSENSE = (ValueError, RecursionError)

T = TypeVar("T")


class Declined(Rejected):
    """The server understood what it was asked, and does not do it.

    `status` is HTTP's, `reason` what the server said of it, "" if nothing.
    """

    def __init__(self, message: str, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class _Unsent(Unavailable):
    """The call did not even leave: asking again does nothing twice."""


def said(body: bytes) -> str:
    """What an error answer of the usual form `{"message": ...}` says, "" for another form."""
    try:
        message = json.loads(body)["message"]
    except (*NONSENSE, KeyError, TypeError):
        return ""
    return "; ".join(map(str, message)) if isinstance(message, list) else str(message)


class Http:
    """Calls to one server. It bears several threads.

    `url`: what all paths are below; a user and password in it are sent as HTTP's basic
        authentication. `who`: the service's name in messages. `headers`: sent with every call.
    `secrets`: texts that no message may show. `explain`: what an error answer's body says.
    `admitted_by`: the setting that is to let us in, for messages.

    Calls that change nothing are tried again a few times when the server is busy or the
    connection breaks, after the pause that the server asks for; others only if they were not
    sent. Raises Denied for 401, 403 and redirections, Unavailable for what may pass (no answer,
    429, 5xx, an answer that makes no sense), Declined for the other refusals.
    """

    def __init__(
        self,
        url: str,
        *,
        who: str,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        explain: Callable[[bytes], str] = said,
        admitted_by: str = "",
        connections: int = 4,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        wrong = UsageError(f"the url of {who} must be like https://photos.example.org")
        try:
            parts = urlsplit(url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            raise wrong from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise wrong
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.where = f"{parts.scheme}://{host}{port}"
        self.who = who
        self._base = self.where + parts.path.rstrip("/")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        self._auth = (user, password) if user else None
        self._headers = dict(headers or {})
        self._secrets = [s for s in (*secrets, parts.password, password) if s]
        self._explain = explain
        self._look = f": look at {admitted_by}" if admitted_by else ""
        self._connections = connections
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"<Http {self.where}>"

    def below(self, path: str) -> Http:
        """The same server and connections, for calls to what is below `path`."""
        other = copy.copy(self)
        other._base = f"{self._base}/{path.strip('/')}"
        return other

    def ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        data: object = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        safe: bool | None = None,
    ) -> T:
        """The answer to a call, decoded from JSON as `kind`.

        `data` is sent as JSON, `form` as a form. `safe`: the call changes nothing; GET does not.
        """
        body = self._call(method, path, data=data, form=form, params=params, safe=safe)
        return self._decoded(body, kind)

    def tell(
        self,
        method: str,
        path: str,
        *,
        data: object = None,
        params: Mapping[str, str] | None = None,
    ) -> None:
        """Asks for something whose answer says nothing but that it is done."""
        self._call(method, path, data=data, form=None, params=params, safe=None)

    def send(
        self,
        method: str,
        path: str,
        kind: type[T],
        parts: Sequence[Part],
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Sends a multipart form, read bit by bit from its streams, and decodes the answer.

        What the streams raise passes through; the call is then broken off, so that the server
        gets no complete request. Rejected if a stream has more or fewer bytes than its part says.
        """
        body = Multipart(parts)
        told = {**body.headers, **(headers or {})}
        timeout = self._timeout(DIGEST)
        with self._answer(method, path, content=body, headers=told, timeout=timeout) as response:
            return self._decoded(self._read(response), kind)

    def fetch(self, path: str, *, checksum: str = "") -> tuple[BinaryIO, int | None]:
        """A file as a stream, and its length if the server tells it.

        Reading it raises Unavailable if the connection breaks, if there are fewer bytes than
        were told, or if its `checksum` ("sha1:...") is another one.
        """

        def call() -> httpx2.Response:
            headers = {"Accept-Encoding": "identity"}  # else its length is not that of the file
            response = self._send("GET", path, headers=headers)
            try:
                self._check(response)
            except BaseException:
                response.close()
                raise
            return response

        response = self._patiently(call, safe=True)
        length = response.headers.get("content-length")
        size = int(length) if length and length.isdecimal() else None
        stream = Download(response, size, checksum, self.who, self._told)
        return cast(BinaryIO, stream), size

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    # One call

    def _call(
        self,
        method: str,
        path: str,
        *,
        data: object,
        form: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        safe: bool | None,
    ) -> bytes:
        options: dict[str, Any] = {"params": params, "data": form}
        if data is not None:
            options |= {
                "content": msgspec.json.encode(data),
                "headers": {"Content-Type": "application/json"},
            }

        def call() -> bytes:
            with self._answer(method, path, **options) as response:
                return self._read(response)

        return self._patiently(call, safe=method == "GET" if safe is None else safe)

    def _patiently(self, call: Callable[[], T], *, safe: bool) -> T:
        pause = PATIENCE
        for number in range(1, TRIES + 1):
            try:
                return call()
            except Unavailable as error:
                wait = pause if error.retry_after is None else error.retry_after
                again = safe or isinstance(error, _Unsent)
                if number == TRIES or not again or wait > LONGEST:
                    raise
                self._sleep(wait)
                pause *= 2
        raise AssertionError

    @contextmanager
    def _answer(self, method: str, path: str, **options: Any) -> Iterator[httpx2.Response]:
        response = self._send(method, path, **options)
        try:
            self._check(response)
            yield response
        finally:
            response.close()

    def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        with self._told():
            request = self._client.build_request(method, self._base + path, **options)
            return self._client.send(request, stream=True)

    def _read(self, response: httpx2.Response) -> bytes:
        with self._told():
            return response.read()

    def _decoded(self, body: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except NONSENSE as error:
            raise Unavailable(
                f"{self.who} at {self.where} gives an answer that makes no sense"
                f" ({self._public(str(error))}): is it the right url?"
            ) from None

    @cached_property
    def _client(self) -> httpx2.Client:
        import httpx2  # late: most commands need no network

        return httpx2.Client(
            headers={"User-Agent": "img-sync", "Accept": "application/json", **self._headers},
            auth=self._auth,
            timeout=self._timeout(ANSWER),
            verify=self.where.startswith("https:"),  # certificates take long to load
            limits=httpx2.Limits(
                max_connections=self._connections, max_keepalive_connections=self._connections
            ),
        )

    def _timeout(self, answer: float) -> httpx2.Timeout:
        import httpx2

        return httpx2.Timeout(ANSWER, connect=10.0, read=answer)

    # What went wrong

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Failures of the connection become Unavailable, and so do addresses that are none."""
        import httpx2

        at = f"{self.who} at {self.where}"
        try:
            yield
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            why = self._public(str(error)) or "no answer"
            raise _Unsent(f"{at} cannot be reached: {why}") from None
        except httpx2.TimeoutException:
            raise Unavailable(f"{at} does not answer in time") from None
        except httpx2.RequestError as error:
            why = self._public(str(error)) or type(error).__name__
            raise Unavailable(f"the connection to {at} broke: {why}") from None
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise Unavailable(f"{at} cannot be asked: {self._public(str(error))}") from None

    def _check(self, response: httpx2.Response) -> None:
        """Raises the error that an answer other than success stands for."""
        status = response.status_code
        if 200 <= status < 300:
            return
        at = f"{self.who} at {self.where}"
        if 300 <= status < 400:
            where = self._public(_target(self._base, response.headers.get("location", "")))
            raise Denied(f"{at} sends us on to {where}: set its url in the configuration")
        reason = self._public(self._explain(self._read(response)))
        why = f": {reason}" if reason else ""
        if status in (401, 403):
            raise Denied(f"{at} does not let us in ({status}{why}){self._look}")
        if status in _BUSY or status >= 500:
            pause = _pause(response.headers.get("retry-after"))
            raise Unavailable(f"{at} has trouble ({status}{why})", pause)
        raise Declined(f"{self.who} declines ({status}{why})", status, reason)

    def _public(self, text: str) -> str:
        """A text of the server, short, on one line, and without any secret."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return "".join(c if c.isprintable() else " " for c in text).strip()[:300]


def _target(base: str, location: str) -> str:
    """Where a redirection leads, without the user and password that may be in it."""
    try:
        to = urlsplit(urljoin(base, location))
    except ValueError:
        return "no address"
    return f"{to.scheme}://{to.netloc.rpartition('@')[2]}{to.path}"


def _pause(header: str | None) -> float | None:
    """The seconds that a Retry-After asks for, as a number or as a date."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None
