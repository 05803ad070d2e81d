"""Fake servers of Immich, and the service on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imgsync.cli import main
from imgsync.services import immich
from imgsync.services.immich import Immich, Pace
from imgsync.services.immich.api import Api

from . import routes  # noqa: F401 - the fake's calls
from .fake import KEY, FakeImmich
from .home import Home, Report

QUICK = Pace(first=0.005, longest=0.02, quiet=0.06, patience=2.0)


@pytest.fixture(scope="session")
def _fakes() -> Iterator[dict[tuple[int, int, int], FakeImmich]]:
    fakes: dict[tuple[int, int, int], FakeImmich] = {}
    yield fakes
    for fake in fakes.values():
        fake.close()


@pytest.fixture
def fake(
    request: pytest.FixtureRequest, _fakes: dict[tuple[int, int, int], FakeImmich]
) -> FakeImmich:
    """An empty server; of version 1.135.3 unless the test names another."""
    version = getattr(request, "param", (1, 135, 3))
    if version not in _fakes:
        _fakes[version] = FakeImmich(version)
    _fakes[version].reset()
    return _fakes[version]


_OPENED: list[Immich] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Closes every service that a test has opened."""
    yield
    while _OPENED:
        _OPENED.pop().close()


def opened(fake: FakeImmich, key: str = KEY, **options: Any) -> Immich:
    """The service "gallery" on a server; it waits only as long as the fake needs."""
    service = Immich("gallery", Api.connect("gallery", fake.url, key), pace=QUICK, **options)
    _OPENED.append(service)
    return service


@pytest.fixture
def here(
    tmp_path: Path,
    home: Path,
    fake: FakeImmich,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Home:
    monkeypatch.setattr(immich, "Pace", lambda: QUICK)
    config = home / "config/img-sync.cfg"
    config.parent.mkdir()
    top = tmp_path / "Photos"
    top.mkdir()

    def settings(**more: str) -> None:
        lines = [f"{key} = {value}\n" for key, value in more.items()]
        section = ["[gallery]\n", "type = immich\n", f"url = {fake.url}\n", f"api_key = {KEY}\n"]
        config.write_text("".join(["[img-sync]\njobs = 1\n", *section, *lines]))

    settings()

    def run(*arguments: str) -> Report:
        capsys.readouterr()
        code = main([*arguments, "--json"])
        out, told = capsys.readouterr()
        return Report(code, [json.loads(line) for line in out.splitlines()], told)

    return Home(top, run, settings)
