"""The sandbox' own control over HTTP: what its vendors shall do wrong. There is none without development keys."""

from typing import Any, Literal, get_args

import httpx

Vendor = Literal["replicate", "stripe", "sendgrid", "twilio"]
VENDORS: tuple[Vendor, ...] = get_args(Vendor)

Options = dict[str, Any]
"""A vendor's switches as the sandbox shows them: its shape, not ours."""


class SandboxUnavailable(Exception):
    """The sandbox does not answer."""


class SandboxRefused(Exception):
    """The sandbox does not take what it was told; the message says why."""


class SandboxDoor:
    """Reads and changes the faults of a running sandbox. `url` is its address, which people's browsers reach too."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self.url = url.rstrip("/")

    async def all_options(self) -> dict[str, Options]:
        """Every vendor's options. Raises SandboxUnavailable."""
        return {vendor: await self._ask("GET", f"/sandbox/{vendor}") for vendor in VENDORS}

    async def all_schemas(self) -> dict[str, Options]:
        """The JSON Schema of every vendor's options. Raises SandboxUnavailable."""
        return await self._ask("GET", "/sandbox/schemas")

    async def change(self, vendor: Vendor, changes: Options) -> Options:
        """A vendor's options after these changes. Raises SandboxRefused, SandboxUnavailable."""
        return await self._ask("PUT", f"/sandbox/{vendor}", changes)

    async def _ask(self, method: str, path: str, body: Options | None = None) -> Options:
        try:
            answer = await self._client.request(method, self.url + path, json=body)
            told: Options = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise SandboxUnavailable(repr(error)) from error
        if answer.is_client_error:
            raise SandboxRefused(str(told.get("errors") or told.get("detail") or told)[:500])
        if not answer.is_success:
            raise SandboxUnavailable(f"status {answer.status_code}")
        return told
