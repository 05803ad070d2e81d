"""A Piwigo does what every service does, on a server that has the real one's traps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imgsync.service import Service
from imgsync.services.piwigo import Piwigo
from imgsync.testing.conformance import Conformance

from .database import Settings


class OnAFake(Conformance):
    @pytest.fixture
    def service(self, log_in: Callable[[], Piwigo]) -> Service:
        self.log_in = log_in
        return log_in()

    def reopen(self, service: Service) -> Service:
        service.close()
        return self.log_in()


class TestPiwigo16(OnAFake):
    pass


class TestPiwigo14WithWarnings(OnAFake):
    """It has no `name_raw`, wants a user name with uploads, and PHP says more than it should."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(version="14.5.0", warnings=True, iptc=True)
