"""A tree of folders does what every service does, wherever its metadata goes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from imgsync.service import Service
from imgsync.services.files import Files
from imgsync.testing.conformance import Conformance


class InFolders(Conformance):
    """How a test looks into a tree."""

    @pytest.fixture
    def service(self, tmp_path: Path) -> Service:
        return Files("attic", tmp_path / "tree", trash=tmp_path / "trash", jobs=1)

    def reopen(self, service: Service) -> Service:
        service.close()
        root = service.top
        return Files("attic", root, trash=root.parent / "trash", jobs=1)

    def trash(self, service: Service) -> Collection[bytes]:
        assert isinstance(service, Files)
        files = (service.top.parent / "trash").rglob("*")
        return [path.read_bytes() for path in files if path.is_file()]


class TestEmbedded(InFolders):
    pass
