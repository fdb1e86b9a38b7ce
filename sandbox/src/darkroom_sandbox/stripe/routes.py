"""The simulated Stripe as a whole: its parts joined, its routes under `/stripe/v1`, its control under `/sandbox/stripe`."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.routing import BaseRoute, Route

from darkroom_sandbox.call_log import CallLog
from darkroom_sandbox.http_post import HttpPoster
from darkroom_sandbox.stripe.api import StripeApi
from darkroom_sandbox.stripe.board import Board
from darkroom_sandbox.stripe.control import PAGE_PATH, build_stripe_control
from darkroom_sandbox.stripe.disputes import Disputes
from darkroom_sandbox.stripe.door import StripeDoor
from darkroom_sandbox.stripe.events import Events
from darkroom_sandbox.stripe.idempotency import Idempotency
from darkroom_sandbox.stripe.options import CurrentStripeOptions
from darkroom_sandbox.stripe.payments import Payments
from darkroom_sandbox.stripe.webhooks import Endpoint, EventSender

ALL = ("*",)


@dataclass(frozen=True)
class Stripe:
    """What the sandbox mounts, resets and closes."""

    routes: list[BaseRoute]
    control: APIRouter
    options: CurrentStripeOptions
    sender: EventSender


def build_stripe(*, log: CallLog, base_url: str, platform_url: str, webhook_secret: str) -> Stripe:
    """A Stripe whose events go to the platform, if its address and a secret are known, and to endpoints made by the API."""
    options, board = CurrentStripeOptions(), Board()
    sender = EventSender(options, HttpPoster())
    known = platform_url and webhook_secret
    platform = Endpoint(f"{platform_url.rstrip('/')}/webhooks/stripe", webhook_secret, ALL) if known else None
    events = Events(board, sender, platform, options=options)
    payments = Payments(board, events, options)
    disputes = Disputes(board, events)
    api = StripeApi(board=board, payments=payments, events=events, page_url=f"{base_url}{PAGE_PATH}")
    door = StripeDoor(log=log, options=options, keys=Idempotency())
    return Stripe(
        routes=_routes(door, api),
        control=build_stripe_control(board=board, payments=payments, disputes=disputes, options=options),
        options=options,
        sender=sender,
    )


def _routes(door: StripeDoor, api: StripeApi) -> list[BaseRoute]:
    table = [
        ("POST", "checkout/sessions", "checkout", api.create_session),
        ("GET", "checkout/sessions", "session", api.sessions),
        ("GET", "checkout/sessions/{id}", "session", api.session),
        ("GET", "checkout/sessions/{id}/line_items", "session", api.line_items),
        ("POST", "checkout/sessions/{id}/expire", "session", api.expire_session),
        ("GET", "payment_intents/{id}", "payment", api.payment_intent),
        ("GET", "charges/{id}", "payment", api.charge),
        ("POST", "refunds", "refund", api.create_refund),
        ("GET", "refunds/{id}", "refund", api.refund),
        ("GET", "disputes/{id}", "dispute", api.dispute),
        ("GET", "events", "event", api.events),
        ("GET", "events/{id}", "event", api.event),
        ("POST", "webhook_endpoints", "endpoint", api.create_endpoint),
        ("POST", "customers", "customer", api.create_customer),
        ("GET", "customers/{id}", "customer", api.customer),
    ]
    return [Route(f"/stripe/v1/{path}", door.endpoint(kind, handler), methods=[method]) for method, path, kind, handler in table]
