"""Immich does what every service does, in each of its versions."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from imgsync.service import Service
from imgsync.testing.checks.albums import Albums
from imgsync.testing.checks.fields import Fields
from imgsync.testing.checks.moves import Moves
from imgsync.testing.checks.photos import Photos
from imgsync.testing.checks.pictures import Pictures
from imgsync.testing.conformance import Basis, Conformance

from .conftest import opened
from .fake import FakeImmich


class _OnAFake(Basis):
    @pytest.fixture
    def service(self, fake: FakeImmich) -> Service:
        self.fake = fake
        return opened(fake)

    def reopen(self, service: Service) -> Service:
        return opened(self.fake)

    def trash(self, service: Service) -> Collection[bytes]:
        return [kept.data for kept in self.fake.library.assets.values() if kept.trashed]


@pytest.mark.parametrize("fake", [(1, 135, 3)], indirect=True)
class TestImmich1(_OnAFake, Conformance):
    pass


@pytest.mark.parametrize("fake", [(2, 5, 6)], indirect=True)
class TestImmich2(_OnAFake, Photos, Fields):
    """It tells the photos of an album as 1.x does, and what is said of them as 3.x."""


@pytest.mark.parametrize("fake", [(3, 2, 2)], indirect=True)
class TestImmich3(_OnAFake, Albums, Photos, Fields, Pictures, Moves):
    """The chapters in which the versions differ."""
