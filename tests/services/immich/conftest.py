"""Fake servers of Immich, and the service on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imgsync.services import immich
from imgsync.services.immich import Immich, Pace
from imgsync.services.immich.api import Api

from ..home import Home
from . import routes  # noqa: F401 - the fake's calls
from .fake import KEY, FakeImmich

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
    home: Path,
    fake: FakeImmich,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Home:
    monkeypatch.setattr(immich, "Pace", lambda: QUICK)
    return Home(home, {"type": "immich", "url": fake.url, "api_key": KEY}, capsys)
