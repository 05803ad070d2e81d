"""A tree of folders does what every service does, wherever its metadata goes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import pytest

from imgsync.service import Service
from imgsync.services.files import Files
from imgsync.testing.conformance import Conformance


class InFolders(Conformance):
    """How a test looks into a tree, its trash and the folder that both stand in."""

    write: Literal["embed", "sidecar"]

    @pytest.fixture
    def service(self, tmp_path: Path) -> Service:
        return self.tree(tmp_path / "tree")

    def tree(self, top: Path) -> Files:
        return Files("attic", top, write=self.write, trash=top.parent / "trash", jobs=1)

    def reopen(self, service: Service) -> Service:
        assert isinstance(service, Files)
        service.close()
        return self.tree(service.top)

    def trash(self, service: Service) -> Collection[bytes]:
        assert isinstance(service, Files)
        kept = (service.top.parent / "trash").rglob("*.jpg")
        return [path.read_bytes() for path in kept]

    def surroundings(self, service: Service) -> object:
        assert isinstance(service, Files)
        return {path.name for path in service.top.parent.iterdir()} - {"trash"}


class TestEmbedded(InFolders):
    write = "embed"


class TestBeside(InFolders):
    write = "sidecar"
