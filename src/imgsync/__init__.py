"""Keeps photo albums in step between local folders and photo services."""
