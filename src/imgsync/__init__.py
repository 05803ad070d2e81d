"""Keeps photo albums in step between local folders and photo services."""

__version__ = "0.1.0"
