"""What a request may ask of any path before a route is looked for: HEAD, OPTIONS, and no U+0000 in its address.

HEAD is answered for every GET (RFC 9110, 9.3.2), without the content and without producing a streamed one. OPTIONS says what a
path allows. U+0000 can stand in no path, parameter or table of ours, so it is refused before a route sees it.
"""

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class _HeadAnswered(Exception):
    """The head of an answer has been sent; what would follow is for nobody."""


def allowed_methods(routes: Sequence[BaseRoute], scope: Scope) -> list[str]:
    """Return the methods that a path allows; none for a path that does not exist."""
    found = [method for method in METHODS if _is_served(routes, scope, method)]
    if not found:
        return []
    return [*found[:1], "HEAD", *found[1:], "OPTIONS"] if found[0] == "GET" else [*found, "OPTIONS"]


class HeadAndOptions:
    """Answers HEAD and OPTIONS for every path of `routes`; a plain ASGI middleware."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            methods = allowed_methods(self._routes, scope)
            if methods:
                await Response(status_code=204, headers={"Allow": ", ".join(methods)})(scope, receive, send)
                return
        if scope["type"] != "http" or scope["method"] != "HEAD" or _is_served(self._routes, scope, "HEAD"):
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            raise _HeadAnswered

        try:
            await self._app({**scope, "method": "GET"}, receive, send_head)
        except _HeadAnswered:
            return


def nul_in_path(scope: Scope) -> bool:
    """Return whether a request's path holds U+0000."""
    return "\0" in scope["path"]


def nul_in_query(scope: Scope) -> str | None:
    """Return the name of the first field of a request's query that holds U+0000; None when no field does."""
    query: bytes = scope.get("query_string", b"")
    if b"%00" not in query and b"\0" not in query:
        return None
    return next(_names_with_nul(query), None)


def _names_with_nul(query: bytes) -> Iterator[str]:
    fields = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return (name for name, value in fields if "\0" in name or "\0" in value)


def _is_served(routes: Sequence[BaseRoute], scope: Scope, method: str) -> bool:
    return any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
