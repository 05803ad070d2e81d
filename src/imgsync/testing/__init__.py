"""What writers of services test with: the conformance suite, services that fail, small pictures."""
