"""What the tests of all services share."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgsync.services.files import Files

from .home import Home

# Assertions of the conformance suite tell what they compared.
pytest.register_assert_rewrite("imgsync.testing.checks")


@pytest.fixture
def theirs(here: Home) -> Home:
    """Another folder of the same photos, with words of its own in the files."""
    return here.with_folder("Theirs")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


@pytest.fixture
def files(tree: Path) -> Files:
    return Files("tree", tree, trash=tree.parent / "trash", jobs=1)
