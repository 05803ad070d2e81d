"""The places that img-sync knows how to keep photos in, one module each."""
