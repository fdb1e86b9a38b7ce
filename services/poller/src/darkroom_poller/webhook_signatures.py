"""Whether a webhook was signed by the provider (Standard Webhooks: raw body, 5 minutes' tolerance, every signature tried).

The secrets come from the provider itself, one per account, and are kept. A signature that fits none makes us fetch them anew, at
most once a minute, so that a changed secret is noticed and a forger causes no traffic.
"""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from darkroom_poller.providers.door import ProviderUnavailable
from darkroom_poller.providers.replicate import Replicate

REFRESH_SECONDS_MIN = 60.0
RETRY_SECONDS_MIN = 2.0
"""Between tries to get a secret that we do not have yet."""

log = structlog.get_logger()


class ForgedWebhook(Exception):
    """No secret of ours made this signature, or it is too old or too new."""


class SecretsMissing(Exception):
    """The provider has not told us its secrets yet; the sender should try again."""


class WebhookSignatures:
    """Checks Replicate's signatures over all accounts."""

    def __init__(self, provider: Replicate, *, clock: Callable[[], float]) -> None:
        self._provider = provider
        self._clock = clock
        self._by_account: dict[str, Webhook] = {}
        self._next_refresh_at = float("-inf")
        self._refreshing = asyncio.Lock()

    async def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Return when the signature is good. Raises ForgedWebhook, SecretsMissing."""
        if self._fits(headers, body):
            return
        if await self._refreshed() and self._fits(headers, body):
            return
        if len(self._by_account) < len(self._provider.accounts):
            raise SecretsMissing
        raise ForgedWebhook

    def _fits(self, headers: Mapping[str, str], body: bytes) -> bool:
        return any(_verifies(webhook, headers, body) for webhook in self._by_account.values())

    async def _refreshed(self) -> bool:
        """Fetch the secrets if that is due; whether they may be new to the caller."""
        waited = self._refreshing.locked()
        async with self._refreshing:
            if self._clock() < self._next_refresh_at:
                return waited
            for account in self._provider.accounts:
                await self._fetch(account)
            complete = len(self._by_account) == len(self._provider.accounts)
            self._next_refresh_at = self._clock() + (REFRESH_SECONDS_MIN if complete else RETRY_SECONDS_MIN)
            return True

    async def _fetch(self, account: str) -> None:
        try:
            self._by_account[account] = Webhook(await self._provider.webhook_secret(account))
        except (ProviderUnavailable, ValueError, RuntimeError) as error:
            log.warning("webhook secret not available", account=account, error=str(error)[:200])


def _verifies(webhook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: broken base64, text that is not UTF-8, a header without a comma
        return False
    return True
