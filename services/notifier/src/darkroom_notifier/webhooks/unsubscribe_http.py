"""`/api/notifications/unsubscribe`: the link in every e-mail. Looking at it changes nothing, since mail scanners look too.

A POST does, from the page's button or from the mail program itself (RFC 8058, one click). The signed token is the whole proof.
"""

from typing import Annotated

from darkroom_servicekit.database import UnitOfWork
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from darkroom_notifier.letters.unsubscribe import PATH, BrokenLink, UnsubscribeLinks, Unsubscription
from darkroom_notifier.letters.words import FALLBACK
from darkroom_notifier.letters.write_letters import Letters
from darkroom_notifier.people.store import suppress

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
}

Token = Annotated[str, Query(description="from the link")]


def unsubscribe_routes(unit_of_work: UnitOfWork, letters: Letters, links: UnsubscribeLinks) -> APIRouter:
    """The page and its button."""
    router = APIRouter(tags=["notifications"])

    @router.get(PATH, response_class=HTMLResponse)
    async def ask(token: Token = "") -> HTMLResponse:
        """A page with one button."""
        wish = _read(links, token)
        return _page(letters, wish, "ask" if wish else "broken")

    @router.post(PATH, response_class=HTMLResponse)
    async def unsubscribe(token: Token = "") -> HTMLResponse:
        """No more e-mails of this tenant to this address; again changes nothing."""
        wish = _read(links, token)
        if wish:
            async with unit_of_work.begin() as transaction:
                await suppress(transaction, {("email", wish.address, wish.instance_id, "unsubscribed")})
        return _page(letters, wish, "done" if wish else "broken")

    return router


def _read(links: UnsubscribeLinks, token: str) -> Unsubscription | None:
    try:
        return links.read(token)
    except BrokenLink:
        return None


def _page(letters: Letters, wish: Unsubscription | None, state: str) -> HTMLResponse:
    text = letters.page(wish.locale if wish else FALLBACK, state)
    return HTMLResponse(text, 200 if wish else 400, headers=PAGE_HEADERS)
