"""Pretended galleries for the tests of one service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imgsync.services.piwigo import Piwigo

from ..home import Home
from .database import Settings
from .fake import PASSWORD, USER, FakePiwigo


@pytest.fixture
def settings() -> Settings:
    """How the gallery is set up; replaced or changed by tests before they log in."""
    return Settings()


@pytest.fixture
def fake(settings: Settings) -> Iterator[FakePiwigo]:
    fake = FakePiwigo(settings)
    yield fake
    fake.close()


@pytest.fixture
def log_in(fake: FakePiwigo) -> Iterator[Callable[[], Piwigo]]:
    """Logs in at the gallery, as each run does."""
    opened: list[Piwigo] = []

    def log_in() -> Piwigo:
        opened.append(Piwigo("gallery", fake.url, USER, PASSWORD))
        return opened[-1]

    yield log_in
    for service in opened:
        service.close()


@pytest.fixture
def service(log_in: Callable[[], Piwigo]) -> Piwigo:
    return log_in()


@pytest.fixture
def here(home: Path, fake: FakePiwigo, capsys: pytest.CaptureFixture[str]) -> Home:
    section = {"type": "piwigo", "url": fake.url, "user": USER, "password": PASSWORD}
    return Home(home, section, capsys)
