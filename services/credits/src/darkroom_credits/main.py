"""The composition root of credits: everything is built here, and passed on."""

from pathlib import Path

from darkroom_servicekit.migrations import migrations_of
from darkroom_servicekit.operators import PrincipalOf
from darkroom_servicekit.runtime import Runtime, utc_now
from darkroom_servicekit.signing_keys import parse_secrets
from fastapi import FastAPI

from darkroom_credits.change_plan import ChangePlan
from darkroom_credits.check_own_role import CheckOwnRole
from darkroom_credits.close.compare_stripe import CompareStripe
from darkroom_credits.close.daily_close import DailyClose
from darkroom_credits.close.http import build_close_routes
from darkroom_credits.correct_credits import CorrectCredits
from darkroom_credits.doctor import CreditsDoctor
from darkroom_credits.events import build_handlers
from darkroom_credits.grant_credits import GrantCredits
from darkroom_credits.http_corrections import build_correction_routes
from darkroom_credits.http_operator import build_operator_routes
from darkroom_credits.http_statement import build_statement_routes
from darkroom_credits.http_tenant import build_tenant_routes
from darkroom_credits.keep_books import KeepBooks
from darkroom_credits.keep_time import KeepTime
from darkroom_credits.look_at_account import LookAtAccount
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.open_samples import OpenSamples
from darkroom_credits.payments.ask_events import AskEvents
from darkroom_credits.payments.http import build_payment_routes, build_webhook_routes
from darkroom_credits.payments.http_purchases import build_purchase_routes
from darkroom_credits.payments.reconcile import Reconcile
from darkroom_credits.payments.start_checkout import StartCheckout
from darkroom_credits.payments.stripe_client import StripeClient
from darkroom_credits.payments.take_webhook import TakeWebhook
from darkroom_credits.payments.tell_prices import TellPrices
from darkroom_credits.settings import CreditsSettings
from darkroom_credits.sweep.decide_by_hand import DecideByHand
from darkroom_credits.sweep.http import build_reservation_routes
from darkroom_credits.sweep.read_ends import ReadEnds
from darkroom_credits.sweep.sweep_reservations import SweepReservations

MIGRATIONS = migrations_of(Path(__file__).parent)
LOCAL = "http://localhost"


def build(settings: CreditsSettings) -> FastAPI:
    """The service as an ASGI app."""
    runtime = Runtime("credits", "Darkroom credits", settings, migrations=MIGRATIONS)
    unit_of_work = runtime.unit_of_work
    metrics = CreditsMetrics(runtime.metrics.registry)
    unit_of_work.watch(metrics.count)
    time = KeepTime(unit_of_work, metrics, clock=utc_now, overdue_seconds=settings.reservation_overdue_seconds)
    accounts = LookAtAccount(unit_of_work, utc_now)
    grants = GrantCredits(time.look_again)
    plans = ChangePlan(time.look_again)
    samples = OpenSamples(unit_of_work, plans, instance_ids=settings.sample_instance_ids(), plan=settings.sample_plan)
    principal_of = runtime.principal

    books = KeepBooks(metrics)
    runtime.consume(build_handlers(books))
    runtime.loop("sweep", build_sweep(runtime, settings, metrics, books).run)
    CreditsDoctor(unit_of_work).register(runtime.doctor)
    runtime.loop("time", time.run)
    runtime.loop("sample shops", samples.run)
    runtime.loop("own role", CheckOwnRole(unit_of_work, metrics).run)
    add_payments(runtime, settings, metrics, principal_of)
    runtime.app.include_router(build_tenant_routes(unit_of_work, accounts, principal_of))
    runtime.app.include_router(build_statement_routes(unit_of_work, accounts, principal_of))
    decide = DecideByHand(unit_of_work, clock=utc_now, quiet_seconds=settings.reservation_overdue_seconds)
    # Before the routes of /credits/{instanceId}, which would take `reservations` for a tenant.
    runtime.app.include_router(build_reservation_routes(unit_of_work, decide, principal_of, clock=utc_now))
    runtime.app.include_router(
        build_operator_routes(unit_of_work, accounts=accounts, grants=grants, plans=plans, principal_of=principal_of)
    )
    runtime.app.include_router(build_correction_routes(unit_of_work, CorrectCredits(), principal_of))
    return runtime.app


def build_sweep(runtime: Runtime, settings: CreditsSettings, metrics: CreditsMetrics, books: KeepBooks) -> SweepReservations:
    """What looks up jobs without news in the log."""
    ends = ReadEnds(settings.kafka_bootstrap_servers, prefix=settings.kafka_prefix)
    quiet = settings.reservation_overdue_seconds
    return SweepReservations(runtime.unit_of_work, books, ends, metrics, clock=utc_now, quiet_seconds=quiet)


def add_payments(runtime: Runtime, settings: CreditsSettings, metrics: CreditsMetrics, principal_of: PrincipalOf) -> None:
    """Top-ups by card and the daily close; without a key of Stripe the doors are there and say so."""
    checkout, stripe, compare = None, None, None
    if settings.stripe_api_key is not None:
        stripe = StripeClient(api_key=settings.stripe_api_key, base_url=settings.stripe_base_url)
        runtime.on_close(stripe.close)
        compare = CompareStripe(runtime.unit_of_work, stripe)
    webhook = TakeWebhook(runtime.unit_of_work, metrics, livemode=stripe is not None and stripe.livemode)
    if stripe is not None:
        checkout = add_stripe(runtime, settings, metrics, stripe=stripe, webhook=webhook)
    close = DailyClose(runtime.unit_of_work, metrics, compare, clock=utc_now, after_seconds=settings.close_after_seconds)
    runtime.loop("close", close.run)
    runtime.app.include_router(build_close_routes(runtime.unit_of_work, close, principal_of))
    secrets = parse_secrets(settings.stripe_webhook_secret)
    runtime.app.include_router(build_payment_routes(checkout, principal_of))
    runtime.app.include_router(
        build_purchase_routes(runtime.unit_of_work, principal_of, by_card=checkout is not None, clock=utc_now)
    )
    runtime.app.include_router(build_webhook_routes(webhook, metrics, secrets=secrets, clock=utc_now))


def add_stripe(
    runtime: Runtime, settings: CreditsSettings, metrics: CreditsMetrics, *, stripe: StripeClient, webhook: TakeWebhook
) -> StartCheckout:
    """What sells by card: tells prices, asks Stripe for checkouts, after sessions without an end, for lost events."""
    seconds = settings.stripe_reconcile_seconds
    checkout = StartCheckout(
        runtime.unit_of_work,
        stripe,
        return_url=f"{(settings.public_url or LOCAL).rstrip('/')}/credits",
        check_after_seconds=seconds,
    )
    reconcile = Reconcile(runtime.unit_of_work, stripe, metrics, checkout, clock=utc_now, first_seconds=seconds)
    checkout.look_again = reconcile.look_again
    every_seconds = settings.stripe_events_seconds
    events = AskEvents(runtime.unit_of_work, stripe, webhook, clock=utc_now, every_seconds=every_seconds)
    runtime.loop("prices", TellPrices(runtime.unit_of_work).run)
    runtime.loop("stripe", reconcile.run)
    runtime.loop("stripe events", events.run)
    return checkout
