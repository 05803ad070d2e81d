"""Pretended galleries for the tests of one service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imgsync.cli import main
from imgsync.services.piwigo import Piwigo

from .database import Settings
from .fake import PASSWORD, USER, FakePiwigo
from .home import Home, Report


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
def here(tmp_path: Path, home: Path, fake: FakePiwigo, capsys: pytest.CaptureFixture[str]) -> Home:
    config = home / "config/img-sync.cfg"
    config.parent.mkdir()
    section = f"[gallery]\ntype = piwigo\nurl = {fake.url}\nuser = {USER}\npassword = {PASSWORD}\n"
    config.write_text(f"[img-sync]\njobs = 1\n{section}")
    top = tmp_path / "Photos"
    top.mkdir()

    def run(*arguments: str) -> Report:
        capsys.readouterr()
        code = main([*arguments, "--json"])
        out, told = capsys.readouterr()
        assert PASSWORD not in out + told
        return Report(code, [json.loads(line) for line in out.splitlines()], told)

    return Home(top, run)
