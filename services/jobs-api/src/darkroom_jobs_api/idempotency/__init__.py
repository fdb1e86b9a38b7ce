"""The same key answers the same."""
