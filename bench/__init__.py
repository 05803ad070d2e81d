"""Measures img-sync against the programs that people would use instead."""
