"""What the tests of all services share."""

from __future__ import annotations

import pytest

from .home import Home

# Assertions of the conformance suite tell what they compared.
pytest.register_assert_rewrite("imgsync.testing.checks")


@pytest.fixture
def theirs(here: Home) -> Home:
    """Another folder of the same photos, with words of its own in the files."""
    return here.with_folder("Theirs")
