"""The sample job of `darkroom demo`: choose, send, follow, show."""
