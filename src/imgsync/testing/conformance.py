"""The suite that every service runs.

A test module joins it in a few lines:

    class TestAttic(Conformance):
        @pytest.fixture
        def service(self, tmp_path):
            return Attic("attic", tmp_path)

It decides by capabilities alone: what a service cannot do must be refused, without any change.
What it can do only for some values shows in `normal`. The methods of `Basis` are hooks for what
the suite cannot know of a service: how to open it again, where its trash is.

Failed assertions tell most if a `conftest.py` says
`pytest.register_assert_rewrite("imgsync.testing.checks")`. No other module of the package needs
pytest.
"""

from __future__ import annotations

from .checks.albums import Albums
from .checks.basis import Basis
from .checks.fields import Fields
from .checks.hostile import Hostile
from .checks.moves import Moves
from .checks.photos import Photos
from .checks.pictures import Pictures

__all__ = ["Basis", "Conformance"]


class Conformance(Albums, Photos, Fields, Pictures, Moves, Hostile):
    """Everything that img-sync relies on in a service."""
