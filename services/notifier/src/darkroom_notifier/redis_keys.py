"""The names of what the notifier keeps in Redis, each under its tenant."""

PREFIX = "darkroom:ws"


def history_keys(tenant: str) -> tuple[str, str, str]:
    """Epoch and offset; the frames; the events already turned into frames. One hash slot, so that a script may have all."""
    return f"{PREFIX}:{{{tenant}}}:head", f"{PREFIX}:{{{tenant}}}:frames", f"{PREFIX}:{{{tenant}}}:events"


def places_key(tenant: str) -> str:
    """How many sockets each process holds for the tenant."""
    return f"{PREFIX}:{{{tenant}}}:places"


def live_channel(database: int, tenant: str) -> str:
    """Where new frames are called out. Publish/subscribe knows no databases, so the number is part of the name."""
    return f"{PREFIX}:{database}:live:{tenant}"
