"""The cookie in which a page keeps its token, and the rule that only our own pages may act by it. Pure.

A browser sends a cookie with requests that other sites make; so what such a request would change is refused unless the browser
itself says that one of our pages made it (`Sec-Fetch-Site`, or `Origin` in older browsers). Source: OWASP, CSRF prevention.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

SESSION_COOKIE = "darkroom_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS = {"http": 80, "https": 443}


def own_origin(public_url: str | None) -> str | None:
    """Scheme, host and port of the public address as browsers write an origin (RFC 6454)."""
    parts = urlsplit(public_url or "")
    if not parts.hostname or parts.scheme not in DEFAULT_PORTS:
        return None
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def comes_from_own_page(headers: Mapping[str, str], origin: str | None) -> bool:
    """Whether the browser says that a page of `origin` made this request. What says nothing at all is no browser's page."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return origin is not None and headers.get("origin") == origin
