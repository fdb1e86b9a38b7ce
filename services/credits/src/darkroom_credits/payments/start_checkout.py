"""Use case: a tenant wants to buy credits: the purchase is written first, then offered in a Checkout Session of Stripe.

The purchase's id is the Idempotency-Key of the session, so that neither a lost answer nor a second try makes two of them.
Nothing here grants anything: credits come only with Stripe's own word that it was paid.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from darkroom_contracts.money import stripe_amount
from darkroom_servicekit.database import Transaction, UnitOfWork

from darkroom_credits.payments.purchase import Purchase
from darkroom_credits.payments.store import current_price, insert_purchase, next_stripe_key, offer, purchase_of_id
from darkroom_credits.payments.stripe_client import StripeClient, StripeFault, StripeKeySpent, StripeUnavailable
from darkroom_credits.payments.stripe_objects import Session

KEYS_MAX = 100
"""Idempotency-Keys at Stripe for one purchase, one after the other; more than the reconciler ever needs."""
KEYS_AT_ONCE_MAX = 2


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
        for _ in range(KEYS_AT_ONCE_MAX):
            try:
                parameters = self._parameters(purchase)
                answer = await self._stripe.create_session(parameters, idempotency_key=stripe_key(purchase))
            except StripeFault as error:
                following = await self._next_key(purchase)
                if following.session_id is None and (following == purchase or not isinstance(error, StripeKeySpent)):
                    raise
                purchase = following
            else:
                purchase = await self._keep(purchase, Session.read(answer))
            if purchase.session_id is not None:
                return Offered(purchase.session_id, purchase.url)
        raise StripeUnavailable("gives no session under a new key either")

    async def _keep(self, purchase: Purchase, session: Session) -> Purchase:
        """Offer the session; the purchase as it is then, offered in another session perhaps, or in none yet."""
        async with self._uow.begin() as transaction:
            await offer(transaction, purchase, session, check_at=transaction.now + self._check_after)
            transaction.after_commit(self.look_again)
            return await _present(transaction, purchase)

    async def _next_key(self, purchase: Purchase) -> Purchase:
        """A session of the key before may exist, but nobody has heard of its address."""
        async with self._uow.begin() as transaction:
            await next_stripe_key(transaction, purchase, most=KEYS_MAX)
            return await _present(transaction, purchase)

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
        """The same key must come with the same parameters; when they have changed the purchase goes on to its next key."""
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


def stripe_key(purchase: Purchase) -> str:
    """The Idempotency-Key of the purchase's session: the purchase's own, numbered from the second on."""
    number = f"-{purchase.stripe_key}" if purchase.stripe_key > 1 else ""
    return f"purchase-{purchase.id}{number}"


async def _present(transaction: Transaction, purchase: Purchase) -> Purchase:
    found = await purchase_of_id(transaction, purchase.id)
    assert found is not None, "purchases are never removed"
    return found
