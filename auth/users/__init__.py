"""Staff administers people."""
