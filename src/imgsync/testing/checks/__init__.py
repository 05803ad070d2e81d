"""The chapters of the conformance suite; `imgsync.testing.conformance` binds them."""
