"""Which web pages may open a socket: those of our own origin and of a list. Pure.

A request without an `Origin` comes from no browser and is allowed: the token decides alone.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def allowed_origins(public_url: str | None, more: str) -> frozenset[str]:
    """The origins of the public address and of the comma-separated list `more`. Raises ValueError for one that is none."""
    urls = [url.strip() for url in (public_url or "", *more.split(",")) if url.strip()]
    origins = {url: origin_of(url) for url in urls}
    wrong = [url for url, origin in origins.items() if origin is None]
    if wrong:
        raise ValueError(f"not an origin such as https://shop.example: {', '.join(wrong)}")
    return frozenset(origin for origin in origins.values() if origin)


def may_connect(origins: Iterable[str], allowed: frozenset[str]) -> bool:
    """Whether a handshake with these `Origin` headers (none, or one) is let in."""
    return all(origin_of(origin) in allowed for origin in origins)


def origin_of(url: str) -> str | None:
    """Scheme, host and port of an address, as browsers write an origin (RFC 6454); None when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"
