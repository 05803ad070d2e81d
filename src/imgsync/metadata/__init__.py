"""What files hold: the metadata in and beside them, and the digest of their picture."""
