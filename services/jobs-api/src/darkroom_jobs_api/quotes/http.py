"""`POST /api/quote`: the price before anything is taken. Takes the same body as a job and keeps nothing of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.http import Body
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.problems import ERRORS_MAX, invalid_fields
from darkroom_servicekit.queue_view import QueueView
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from darkroom_jobs_api.answers import UtcTime, example, json_answer, problems
from darkroom_jobs_api.catalogue.store import CatalogueStore
from darkroom_jobs_api.jobs.examples import QUOTE
from darkroom_jobs_api.jobs.submission import EXAMPLE, SubmissionBody, read_order, read_submission
from darkroom_jobs_api.quotes.prices import credit_price
from darkroom_jobs_api.quotes.quote import TopUp, cheapest_top_up, quote
from darkroom_jobs_api.quotes.store import available_credits

PRODUCT = "optimize"
NEW_JOB = 0
"""The number of no job: its pictures would wait behind all that the tenant has waiting."""


class MoneyBody(Body):
    """An amount of money."""

    amount: int = Field(description="in the currency's minor unit (ISO 4217): 2900 is 29.00 EUR, 1500 is 1,500 JPY")
    currency: str


class TopUpBody(Body):
    """Credits to buy by card (`POST /api/credits/checkout`), and what they cost."""

    credits: int
    price: MoneyBody


class QuoteAnswer(Body):
    """What a job would cost, and when it could be done."""

    price: int = Field(description="credits for the whole job")
    balance_after: int = Field(description="credits left after it; 0 when there are too few")
    missing: int = Field(description="credits that are lacking; 0 when there are enough")
    top_up: TopUpBody | None = Field(default=None, description="the cheapest top-up by card that covers what is missing")
    queue_position: int | None = None
    expected_start_at: UtcTime | None = None
    expected_finish_at: UtcTime | None = None


def quote_routes(
    unit_of_work: UnitOfWork, catalogue: CatalogueStore, view: QueueView, principal: Callable[..., Awaitable[Principal]]
) -> APIRouter:
    """The route of quotes."""
    router = APIRouter(tags=["jobs"])

    @router.post(
        "/api/quote",
        response_model=QuoteAnswer,
        responses=problems(400, 401, 413, 415, 429) | {200: example(QUOTE)},
        openapi_extra=json_body(SubmissionBody, EXAMPLE),
    )
    async def quote_job(request: Request, who: Annotated[Principal, Depends(principal)]) -> Response:
        """The price of a job and what it would leave. Nothing is taken, and no picture's address is looked up."""
        raw, now = await read_order(request), datetime.now(UTC)
        async with unit_of_work.read() as connection:
            product = await catalogue.product(connection, PRODUCT, now=now)
            price = await credit_price(connection, now=now)
            available = await available_credits(connection, who.instance_id)
        submission = read_submission(raw, product)
        if submission.errors or submission.body is None:
            raise invalid_fields(submission.errors[:ERRORS_MAX])
        found = quote(price_credits=product.price_credits, items=len(submission.body.images), available=available)
        answer = QuoteAnswer(price=found.price, balance_after=found.balance_after, missing=found.missing)
        answer.top_up = _top_up(cheapest_top_up(found.missing, price))
        outlook = view.outlook(who.instance_id, product.provider)
        if outlook is not None:
            first, last = outlook.of_ends(NEW_JOB, len(submission.body.images), now=now)
            answer.queue_position = first.position
            answer.expected_start_at = first.starts_at
            answer.expected_finish_at = last.finishes_at
        return json_answer(answer)

    return router


def _top_up(found: TopUp | None) -> TopUpBody | None:
    if found is None:
        return None
    price = MoneyBody(amount=found.amount_minor, currency=found.currency)
    return TopUpBody(credits=found.credits, price=price)
