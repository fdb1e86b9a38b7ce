"""Operators' door to the limits of provider accounts and of models, and to models that fail."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from darkroom_contracts.envelope import utc_text
from darkroom_servicekit.auth import Principal
from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import only_operators
from darkroom_servicekit.problems import Problem, invalid
from darkroom_servicekit.request_body import read_body
from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from redis.exceptions import RedisError

from darkroom_predictor.fair_queue import LimiterClosed
from darkroom_predictor.keep_limits import AccountNotFound, KeepLimits, LimitsNow, ProviderNotFound
from darkroom_predictor.limiter_controls import ModelFigures, SlowedTenant
from darkroom_predictor.limits import AccountFigures

LIMIT_MAX = 1_000_000
"""A bound on mistakes. What the provider itself allows is found out from its 429s."""
SLOWED_SHOWN_MAX = 100

Whole = Annotated[int, Field(ge=1, le=LIMIT_MAX, strict=True)]
ModelName = Annotated[str, Path(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f]+$")]


class LimitsRequest(StrictBody):
    """What to change: a field that is left out stays; null is the setting's again."""

    cap_per_minute: Annotated[int, Field(ge=0, le=LIMIT_MAX, strict=True)] | None = Field(
        default=None, description="creations in any 60 s; 0: none at all; it may be above the setting"
    )
    concurrency: Whole | None = Field(default=None, description="predictions in flight")
    burst: Whole | None = Field(default=None, description="calls that may start at once after a pause")


class ModelLimitsRequest(StrictBody):
    """A model's own limits."""

    concurrency: Whole | None = Field(description="predictions in flight; null: as many as the accounts allow")


class AccountBody(Body):
    """A provider account."""

    account: str
    cap_per_minute: int
    effective_cap_per_minute: int = Field(description="what 429s leave of the cap; it comes back by itself")
    concurrency: int
    burst: int
    in_last_minute: int
    in_flight: int
    paused_until: str | None
    stopped: Literal["low-credit", "refused"] | None = Field(description="why it takes only a probe call now and then")


class SlowedTenantBody(Body):
    """A tenant whose predictions fail at a model: its jobs of this model wait, but for one trial at a time."""

    instance_id: str
    failures: int = Field(description="failed predictions in a row")
    slowed_since: str
    tried_again_at: str | None = Field(description="when its next trial may go; null: now")


class ModelBody(Body):
    """A model with failures in a row, or with a concurrency of its own."""

    provider: str
    model: str
    state: Literal["called", "full", "waiting", "trial"] = Field(
        description="waiting: it has failed and its items wait; trial: one call may find out; full: its concurrency is reached"
    )
    tried_again_at: str | None = Field(description="when the next trial of a waiting model may go")
    failures: int = Field(description="in a row")
    concurrency: int | None = Field(description="predictions in flight at most; null: as many as the accounts allow")
    in_flight: int
    slowed_tenants: list[SlowedTenantBody] = Field(description="at most 100, those that were slowed first")


class FaultBody(Body):
    """A model whose items wait because the provider refuses what we fill in ourselves."""

    provider: str
    model: str
    code: Literal["our-fault", "model-forbidden"]
    answer: str = Field(description="what the provider said")


class LimitsBody(Body):
    """All accounts, the models with failures or a concurrency of their own, and those that wait for a fault of ours."""

    accounts: list[AccountBody]
    models: list[ModelBody]
    faults: list[FaultBody]


def limit_routes(keep_limits: KeepLimits, principal: Callable[[Request], Awaitable[Principal]]) -> APIRouter:
    """Limits as they are, and setting them."""
    router = APIRouter(prefix="/api/operator/limits", tags=["operator"])
    signed_in = Depends(only_operators(principal))

    @router.get("")
    async def limits(_operator: Principal = signed_in) -> LimitsBody:
        """Every account's limits and their use, and the models with failures or a concurrency of their own."""
        return await _shown(keep_limits, "No calls are made to the provider.")

    @router.put("/{account}", openapi_extra=json_body(LimitsRequest))
    async def set_limits(request: Request, account: str, operator: Principal = signed_in) -> LimitsBody:
        """Change what is named of one account, or of `all`; in force at once on all replicas."""
        body = await read_body(request, LimitsRequest)
        if not body.model_fields_set:
            raise invalid("body", "names nothing to change")
        changes = {name: getattr(body, name) for name in body.model_fields_set}
        kept = "The change is kept, and holds as soon as the limiter is open again."
        await _done(keep_limits.change(account, changes, by=operator.subject), otherwise=kept)
        return await _shown(keep_limits, kept)

    @router.put("/models/{provider}/{model:path}", openapi_extra=json_body(ModelLimitsRequest))
    async def set_model_limits(request: Request, provider: str, model: ModelName, operator: Principal = signed_in) -> LimitsBody:
        """Change how many predictions of a model may be in flight; in force at once on all replicas."""
        body = await read_body(request, ModelLimitsRequest)
        kept = "The change is kept, and holds as soon as the limiter is open again."
        await _done(keep_limits.change_model(provider, model, body.concurrency, by=operator.subject), otherwise=kept)
        return await _shown(keep_limits, kept)

    @router.post("/{account}/resume")
    async def resume(account: str, operator: Principal = signed_in) -> LimitsBody:
        """Let a stopped account, or `all`, take calls again now: what stopped it is mended. The next answer may stop it again."""
        unchanged = "Nothing was changed."
        await _done(keep_limits.resume(account, by=operator.subject), otherwise=unchanged)
        return await _shown(keep_limits, unchanged)

    return router


async def _done(change: Awaitable[None], *, otherwise: str) -> None:
    try:
        await change
    except AccountNotFound as error:
        raise Problem(404, "Not found", "There is no provider account of that name.") from error
    except ProviderNotFound as error:
        raise Problem(404, "Not found", "No provider of that name is called here.") from error
    except (RedisError, LimiterClosed, OSError) as error:
        raise _closed(otherwise) from error


async def _shown(keep_limits: KeepLimits, otherwise: str) -> LimitsBody:
    try:
        return limits_body(await keep_limits.show(), datetime.now(UTC))
    except (RedisError, LimiterClosed, OSError) as error:
        raise _closed(otherwise) from error


def _closed(detail: str) -> Problem:
    return Problem(503, "Limiter closed", f"The limiter is not open. {detail}", headers={"Retry-After": "2"})


def limits_body(limits: LimitsNow, now: datetime) -> LimitsBody:
    """The limits as they are shown."""
    return LimitsBody(
        accounts=[_account_body(one, now) for one in limits.accounts],
        models=[_model_body(one, now) for one in limits.models],
        faults=[
            FaultBody.model_validate({"provider": one.provider, "model": one.model, "code": one.code, "answer": one.detail})
            for one in limits.faults
        ],
    )


def _account_body(one: AccountFigures, now: datetime) -> AccountBody:
    return AccountBody(
        account=one.account,
        cap_per_minute=one.cap,
        effective_cap_per_minute=one.in_force,
        concurrency=one.slots,
        burst=one.burst,
        in_last_minute=one.granted,
        in_flight=one.live,
        paused_until=_after(one.paused_seconds, now),
        stopped=one.stopped,
    )


def _model_body(one: ModelFigures, now: datetime) -> ModelBody:
    state: Literal["called", "full", "waiting", "trial"] = "called"
    if one.open_seconds is not None:
        state = "waiting" if one.trial_in_seconds > 0 else "trial"
    elif one.slots is not None and one.live >= one.slots:
        state = "full"
    slowed = sorted(one.slowed, key=lambda tenant: -tenant.slowed_seconds)[:SLOWED_SHOWN_MAX]
    return ModelBody(
        provider=one.provider,
        model=one.model,
        state=state,
        tried_again_at=_after(one.trial_in_seconds, now),
        failures=one.failures,
        concurrency=one.slots,
        in_flight=one.live,
        slowed_tenants=[_slowed_body(tenant, now) for tenant in slowed],
    )


def _slowed_body(one: SlowedTenant, now: datetime) -> SlowedTenantBody:
    return SlowedTenantBody(
        instance_id=one.tenant,
        failures=one.failures,
        slowed_since=utc_text(now - timedelta(seconds=one.slowed_seconds)),
        tried_again_at=_after(one.trial_in_seconds, now),
    )


def _after(seconds: float, now: datetime) -> str | None:
    return utc_text(now + timedelta(seconds=seconds)) if seconds > 0 else None
