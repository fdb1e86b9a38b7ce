"""The products of the caller's own shop."""
