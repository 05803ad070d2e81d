"""A session with a Piwigo: calls of its API, and what their answers mean."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ...errors import Denied, Unavailable
from ..http import NONSENSE, Declined, Http, Part

if TYPE_CHECKING:
    import httpx2

__all__ = ["UNKNOWN", "Gallery", "Status"]

ENTRY = "/ws.php"
ADMINISTRATORS = frozenset({"webmaster", "admin"})
# Piwigo's own numbers; a page of HTML has none.
PAGE, NO_ADMINISTRATOR, FORBIDDEN, UNKNOWN, FAILED, BAD_LOGIN = 0, 401, 403, 404, 500, 999

# Pages that are about the one photo: of its upload, and of the database.
_ABOUT_A_PHOTO = re.compile(
    "(forbidden|unexpected) file type|Incorrect (string|datetime) value|Data too long", re.ASCII
)

T = TypeVar("T")
U = TypeVar("U")


class Status(msgspec.Struct):
    """What `pwg.session.getStatus` says; the last two to administrators alone."""

    username: str
    status: str
    version: str
    pwg_token: str
    upload_file_types: str = ""
    upload_form_chunk_size: int = 500

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0]) if self.version[:1].isdecimal() else 0


class Gallery:
    """A user's session. It bears several threads.

    Raises Denied where the user may not come in or is no administrator, Declined with Piwigo's
    own number in `status` for what it refuses, Unavailable for what may pass and for an answer
    that is none. `session`: which one it is; another number once an old one had expired.
    """

    def __init__(self, url: str, user: str, password: str, *, who: str, connections: int) -> None:
        self.who = who
        self._user = user
        self._password = password
        self._http = _Http(url, who=who, secrets=[password], connections=connections)
        self._lock = Lock()
        self.session = 0
        try:
            self.status = self._begin()
        except BaseException:
            self.close()
            raise

    def ask(
        self,
        method: str,
        kind: type[T],
        form: Mapping[str, str] | None = None,
        *,
        once: bool = False,
    ) -> T:
        """The answer to a call. `once`: it must not be sent again when its answer got lost."""
        return self._in_session(lambda: self._ask(method, kind, form or {}, safe=not once))

    def upload(self, form: Mapping[str, str], chunk: bytes) -> Any:
        """The answer to `pwg.images.uploadAsync` for one chunk."""

        def call() -> Any:
            # A user name is a must before Piwigo 16, and no login without a password.
            told = {"username": self._user, "pwg_token": self.status.pwg_token, **form}
            parts = [Part(name, value) for name, value in told.items()]
            parts.append(Part("file", chunk, len(chunk), "chunk"))
            path = f"{ENTRY}?format=json&method=pwg.images.uploadAsync"
            return self._http.send("POST", path, object, parts)

        try:
            return self._in_session(call)
        except Declined as error:
            if error.status != FAILED:
                raise
            raise Unavailable(f"{self.who} could not put a file together: {error.reason}") from None

    def believed(self, read: Callable[[], T], proof: Callable[[T], U]) -> U:
        """What `proof` makes of what `read` finds, both in one session.

        A session that has expired is a guest's, silently. A guest sees fewer albums and photos;
        what is then missing must not be taken for deleted. So `proof` asks for something that
        guests are refused: then a new session begins, and all is read again.
        """
        for _ in range(3):
            session = self.session
            proven = proof(read())
            if session == self.session:
                return proven
        raise Denied(f"{self.who} forgets us at once: its sessions do not last")

    def known_to_us(self, found: T) -> T:
        """The proof for `believed` where nothing else is to be asked."""
        session = self.session
        status = self._ask("pwg.session.getStatus", Status, {}, safe=True)
        if status.username != self._name:
            self._renew(session)
        return found

    def fetch(self, url: str) -> tuple[Any, int | None]:
        """The file at an address that the gallery gave, and its length."""
        path = self._http.path_of(url)
        session = self.session
        try:
            return self._http.fetch(path)
        except Denied:  # files that are protected are not for the guest of an expired session
            self._renew(session)
            return self._http.fetch(path)

    def close(self) -> None:
        self._http.close()

    def _in_session(self, call: Callable[[], T]) -> T:
        """Calls; once more in a new session if it was refused because the old one had expired."""
        session = self.session
        try:
            return call()
        except Declined as error:
            if error.status != NO_ADMINISTRATOR and not _is_bad_token(error):
                raise
        self._renew(session)
        try:
            return call()
        except Declined as error:
            if error.status == NO_ADMINISTRATOR:
                raise Denied(f"{self.who} lets {self._name} not do this: {error.reason}") from None
            raise

    def _ask(self, method: str, kind: type[T], form: Mapping[str, str], *, safe: bool) -> T:
        # A body must never be empty: so the method and the token are in it.
        told = {"method": method, "pwg_token": self._token(), **form}
        answer = self._http.ask(
            "POST",
            ENTRY,
            object,
            form=told,
            params={"format": "json", "method": method},
            safe=safe,
        )
        return self._as(kind, answer)

    def _token(self) -> str:
        return self.status.pwg_token if self.session else ""

    def _as(self, kind: type[T], answer: object) -> T:
        """Numbers come as numbers or as text, depending on the method and the version."""
        try:
            return msgspec.convert(answer, kind, strict=False)
        except msgspec.ValidationError as error:
            raise Unavailable(f"{self.who} gives an answer that makes no sense ({error})") from None

    def _renew(self, session: int) -> None:
        with self._lock:
            if self.session == session:
                self.status = self._begin()

    def _begin(self) -> Status:
        credentials = {"username": self._user, "password": self._password}
        try:
            self._ask("pwg.session.login", bool, credentials, safe=True)
        except Declined as error:
            if error.status == UNKNOWN:
                where = f"{self.who} at {self._http.where}"
                raise Denied(f"{where} is no Piwigo under this path: look at url") from None
            if error.status != BAD_LOGIN:
                raise
            raise Denied(
                f"{self.who} does not let in {self._user}: look at user and password"
            ) from None
        status = self._ask("pwg.session.getStatus", Status, {}, safe=True)
        if status.status not in ADMINISTRATORS:
            raise Denied(
                f"{self._user} is no administrator of {self.who}: only those may upload and edit"
            )
        self.session += 1
        self._name = status.username
        return status


class _Http(Http):
    """HTTP in which the answer's text counts: Piwigo's status says little about it."""

    def path_of(self, url: str) -> str:
        """The path, below its own, of an address that the gallery gave; never another server."""
        rest = re.sub(r"^[a-z]+://[^/]*", "", url)
        base = self._base[len(self.where) :]
        if not rest.startswith(f"{base}/"):
            raise Declined(f"{self.who} points outside of itself for a file", PAGE, "")
        return rest[len(base) :].replace(" ", "%20")

    def _check(self, response: httpx2.Response) -> None:
        body = self._read(response) if response.status_code >= 400 else b""
        answer = _answer(body)
        if answer is None:
            super()._check(response)
        elif answer.get("stat") == "ok":
            status = response.status_code
            raise Unavailable(f"{self.who} says that it did only a part ({status})")
        else:
            raise self._refusal(answer)

    def _decoded(self, body: bytes, kind: type[T]) -> Any:
        answer = _answer(body)
        if answer is None:
            page = self._public(re.sub(r"<[^>]*>|\s+", " ", body.decode(errors="replace")))
            if _ABOUT_A_PHOTO.search(page):
                raise Declined(f"{self.who} declines: {page}", PAGE, page)
            raise Unavailable(f"{self.who} gives no answer but a page: {page}")
        if answer.get("stat") != "ok":
            raise self._refusal(answer)
        return answer.get("result")

    def _refusal(self, answer: Mapping[str, Any]) -> Declined:
        reason = self._public(str(answer.get("message", "")))
        number = answer.get("err")
        status = number if isinstance(number, int) else -1
        return Declined(f"{self.who} declines ({status}: {reason})", status, reason)


def _is_bad_token(error: Declined) -> bool:
    return error.status == FORBIDDEN and "token" in error.reason


def _answer(body: bytes) -> dict[str, Any] | None:
    """The answer in what was sent: warnings of PHP may stand before it. None if there is none."""
    start = body.rfind(b'{"stat"')
    if start < 0:
        return None
    try:
        answer = json.loads(body[start:])
    except NONSENSE:
        return None
    return answer if isinstance(answer, dict) else None
