"""Use case: a tenant wants to buy credits: the purchase is written first, then offered in a Checkout Session of Stripe.

The purchase's id is the Idempotency-Key of the session, so that neither a lost answer nor a second try makes two of them.
Nothing here grants anything: credits come only with Stripe's own word that it was paid.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from darkroom_contracts.money import stripe_amount
from darkroom_servicekit.database import UnitOfWork

from darkroom_credits.payments.purchase import Purchase
from darkroom_credits.payments.store import current_price, insert_purchase, offer
from darkroom_credits.payments.stripe_client import StripeClient
from darkroom_credits.payments.stripe_objects import Session


class AnotherPurchaseHasThisKey(Exception):
    """The key was used before, for another number of credits."""


@dataclass(frozen=True)
class Offered:
    """Where a purchase can be paid."""

    session_id: str
    url: str | None


class StartCheckout:
    """Sells credits. `return_url` is the page that the customer comes back to, which grants nothing."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        stripe: StripeClient,
        *,
        return_url: str,
        check_after_seconds: float,
    ) -> None:
        self._uow = unit_of_work
        self._stripe = stripe
        self._return_url = return_url
        self._check_after = timedelta(seconds=check_after_seconds)
        self.look_again: Callable[[], None] = lambda: None
        """Told of every purchase and offer."""

    async def start(self, instance_id: str, credits: int, *, created_by: str, key: str | None) -> Offered:
        """Offer so many credits. Raises CreditsOutOfBounds, AnotherPurchaseHasThisKey, StripeUnavailable, StripeRefused."""
        purchase = await self._write(instance_id, credits, created_by=created_by, key=key)
        if purchase.session_id is not None:
            return Offered(purchase.session_id, purchase.url)
        return await self.offer(purchase)

    async def offer(self, purchase: Purchase) -> Offered:
        """Make the purchase's session, or hear of the one that was made. Raises StripeUnavailable, StripeRefused."""
        answer = await self._stripe.create_session(self._parameters(purchase), idempotency_key=f"purchase-{purchase.id}")
        session = Session.read(answer)
        async with self._uow.begin() as transaction:
            check_at = transaction.now + self._check_after
            await offer(transaction, purchase, session_id=session.id, url=session.url, check_at=check_at)
            transaction.after_commit(self.look_again)
        return Offered(session.id, session.url)

    async def _write(self, instance_id: str, credits: int, *, created_by: str, key: str | None) -> Purchase:
        async with self._uow.begin() as transaction:
            price = await current_price(transaction.connection, at=transaction.now)
            wanted = Purchase(
                id=str(uuid4()),
                instance_id=instance_id,
                credits=credits,
                amount_minor=price.of(credits),
                currency=price.currency,
                price_version=price.version,
                created_at=transaction.now,
            )
            check_at = transaction.now + self._check_after
            purchase = await insert_purchase(transaction, wanted, created_by=created_by, key=key, check_at=check_at)
            transaction.after_commit(self.look_again)
        if purchase.credits != credits:
            raise AnotherPurchaseHasThisKey
        return purchase

    def _parameters(self, purchase: Purchase) -> dict[str, str]:
        """Made of the purchase alone: the same key must come with the same parameters."""
        return {
            "mode": "payment",
            "client_reference_id": purchase.id,
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": purchase.currency.lower(),
            "line_items[0][price_data][unit_amount]": str(stripe_amount(purchase.amount_minor, purchase.currency)),
            "line_items[0][price_data][product_data][name]": f"{purchase.credits:,} credits",
            "metadata[purchase]": purchase.id,
            "metadata[instance]": purchase.instance_id,
            "payment_intent_data[metadata][purchase]": purchase.id,
            "success_url": f"{self._return_url}?checkout=done&session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self._return_url}?checkout=left",
        }
