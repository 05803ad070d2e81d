"""The configuration file: defaults, and a section for each service.

An INI file: `[img-sync]` holds defaults, every other section describes the service it is named
after by `type` and the keys of that type.
"""

from __future__ import annotations

from .file import Defaults, count, find, percent
from .services import Configuration, Opened, ServiceType, read, url_path

__all__ = [
    "Configuration",
    "Defaults",
    "Opened",
    "ServiceType",
    "count",
    "find",
    "percent",
    "read",
    "url_path",
]
