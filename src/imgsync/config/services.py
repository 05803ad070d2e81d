"""The services that a configuration file describes, made when they are used."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec

from ..errors import UsageError
from ..service import Service
from .file import GENERAL, Defaults, defaults, parse
from .local import LOCAL, MASK, LocalSettings
from .secrets import from_command, from_keyring
from .section import COMMAND, Section, nearest
from .types import COMMON, ServiceType, check, load, required, secrets, type_of

__all__ = ["Configuration", "Opened", "ServiceType", "read", "url_path"]

FILES = "files"
DIGIKAM = "digikam"
FILE_URL = "file://"
RESERVED = {DIGIKAM, "cache"}

# In a URL, with the user before it: it is a secret wherever it stands.
_PASSWORD = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]*@")


class Opened(NamedTuple):
    """A service that was made from the configuration.

    `key`: its name in the state of albums. `folder`: where it is, if it is a tree of folders.
    `accept`: the file name suffixes whose refusal is no news.
    """

    service: Service
    key: str
    folder: Path | None = None
    accept: frozenset[str] = frozenset()


def read(path: Path | None) -> Configuration:
    """The configuration in the file `path`, or the defaults. Raises UsageError.

    The sections of services are looked into when they are used.
    """
    sections = parse(path) if path is not None else {}
    general = defaults(Section(GENERAL, path, sections.pop(GENERAL, {})))
    local = LocalSettings(Section(LOCAL, path, sections.pop(LOCAL, {})))
    for name in RESERVED & sections.keys():
        raise UsageError(f"section [{name}] of {path}: no service can have this name")
    return Configuration(path, general, local, sections)


class Configuration:
    """What a configuration file says, with the defaults filled in."""

    def __init__(
        self,
        path: Path | None,
        defaults: Defaults,
        local: LocalSettings,
        sections: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.path = path
        self.defaults = defaults
        self.sections = sections
        self._local = local
        backed_up: set[str] = set()  # databases of digiKam, by this run
        self._digikam = local.digikam, local.password, backed_up

    def with_jobs(self, jobs: int) -> Configuration:
        """The same, with another number of processes and calls at once."""
        changed = msgspec.structs.replace(self.defaults, jobs=jobs)
        return Configuration(self.path, changed, self._local, self.sections)

    def local(self, top: Path, sums: Collection[str] = (), beside: str = "") -> Service:
        """The local end of a run: the folders under `top`, with these checksums of whole files.

        They are as digiKam shows them, where it knows them; as they are by themselves `beside` the
        service digikam.
        """
        files = self._files(LOCAL, top, own=True, sums=sums)
        digikam: Any = load(DIGIKAM, LOCAL)(*self._digikam)
        if beside == DIGIKAM:
            service: Service = digikam.in_step(files)
        else:
            service = digikam.view(files, embed=self.defaults.write == "embed")
        return service

    def key(self, name: str) -> str:
        """The name of a service in the state of albums: its section, or its URL's normal form."""
        return _url(url_path(name)) if name.startswith("file:") else name

    def open(self, name: str, top: Path | None = None) -> Opened:
        """The service that people call `name`; runs its commands and asks the keyring.

        `top`: the folder whose digiKam collection the service digikam is. Raises UsageError if
        there is no such service or its section is wrong.
        """
        if name == DIGIKAM:
            digikam: Any = load(DIGIKAM, LOCAL)(*self._digikam)
            files = self._files(DIGIKAM, top or self.defaults.root or Path.cwd(), own=True)
            return Opened(digikam.alone(files), DIGIKAM)
        if name.startswith("file:"):
            path = url_path(name)
            url = _url(path)
            return Opened(self._files(url, path, own=False), url, folder=path)
        if name not in self.sections:
            raise UsageError(self._unknown(name))
        section = self._section(name)
        kind = type_of(section)
        check(section, kind)
        settings = self._settings(section, kind)
        service: Any = kind.configure(name, settings)
        folder = service.top if kind is load(FILES, section) else None
        return Opened(service, name, folder, _suffixes(section.values.get("accept", "")))

    def lines(self) -> Iterator[str]:
        """The configuration in force, as an INI file whose secrets are masked."""
        yield f"# {self.path}" if self.path else "# no configuration file: these are the defaults"
        yield from _lines(GENERAL, self.defaults.as_text())
        yield ""
        yield from _lines(LOCAL, self._local.as_text())
        for name in self.sections:
            section = self._section(name)
            public = _public(section)
            yield ""
            yield from _lines(
                name, {k: v if k in public else MASK for k, v in section.values.items()}
            )

    def check(self) -> None:
        """Raises UsageError if any section is wrong; runs no command and asks no keyring."""
        for name in self.sections:
            section = self._section(name)
            check(section, type_of(section))

    def _section(self, name: str) -> Section:
        return Section(name, self.path, self.sections[name])

    def _files(self, name: str, root: Path, *, own: bool, sums: Collection[str] = ()) -> Service:
        files: Any = load(FILES, name)
        service: Service = files(
            name,
            root,
            write=self.defaults.write,
            trash=self.defaults.trash,
            jobs=self.defaults.jobs,
            own=own,
            sums=sums,
            resumes=True,
        )
        return service

    def _settings(self, section: Section, kind: ServiceType) -> dict[str, str]:
        settings = {k: v for k, v in self.defaults.as_text().items() if k in kind.settings}
        for key in kind.settings:
            if key in section.values:
                settings[key] = section.values[key]
            elif key + COMMAND in section.values:
                settings[key] = from_command(section, key)
        # One secret is enough where a service takes one of several.
        secret_keys = secrets(kind) if secrets(kind).isdisjoint(settings) else frozenset()
        for key in sorted((required(kind) | secret_keys) - settings.keys()):
            secret = from_keyring(section, key)
            if secret is not None:
                settings[key] = secret
            elif key in required(kind):
                ask = f"keyring set {GENERAL}/{section.name} {key}"
                raise section.lacks(key, f" or {key}{COMMAND} = ..., or run `{ask}`")
        return settings

    def _unknown(self, name: str) -> str:
        if "/" in name:
            url = _url(Path(os.path.abspath(name)))  # noqa: PTH100 - Path.resolve follows links
            return f"{name} is no service: write {url} for that folder"
        if self.path is None:
            return (
                f"there is no service {name}: as long as there is no configuration file, a"
                " service is local or file:///path"
            )
        known = [*self.sections, LOCAL]
        return f"there is no section [{name}] in {self.path}{nearest(name, known)}"


def url_path(url: str) -> Path:
    """The folder of a `file:///path` URL, without `.`, `..` and doubled slashes.

    Raises UsageError for a relative path, or one on another host.
    """
    rest = url.removeprefix(FILE_URL)
    path = rest.removeprefix("localhost") if rest.startswith("localhost/") else rest
    decoded = os.fsdecode(unquote_to_bytes(os.fsencode(path)))
    if rest == url or not path.startswith("/") or "\0" in decoded:
        raise UsageError(f"{url} names no folder of this machine: write file:///path")
    return Path("/" + os.path.normpath(decoded).lstrip("/"))


def _url(path: Path) -> str:
    return FILE_URL + quote_from_bytes(os.fsencode(path))


def _suffixes(accept: str) -> frozenset[str]:
    words = accept.lower().replace(",", " ").split()
    return frozenset(word.lstrip("*.") for word in words)


def _public(section: Section) -> frozenset[str]:
    """The keys whose values may be shown; few if the section's type is not known."""
    try:
        kind = type_of(section)
    except UsageError:
        return frozenset(COMMON)
    commands = (key + COMMAND for key in kind.settings)
    return frozenset([*COMMON, *kind.settings, *commands]) - secrets(kind)


def _lines(name: str, values: Mapping[str, str]) -> Iterator[str]:
    yield f"[{name}]"
    for key, value in values.items():
        first, *more = _PASSWORD.sub(rf"\1:{MASK}@", value).splitlines() or [""]
        yield f"{key} = {first}".rstrip()
        yield from (f"    {line}" for line in more)
