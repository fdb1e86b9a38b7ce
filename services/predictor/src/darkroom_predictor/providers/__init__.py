"""The doors to the providers."""
