"""Operators' door to tenants: their figures and their terms."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from darkroom_servicekit.auth import INSTANCE_ID_MAX, Principal
from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import only_operators
from darkroom_servicekit.problems import invalid
from darkroom_servicekit.request_body import read_body
from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

from darkroom_predictor.keep_terms import KeepTerms
from darkroom_predictor.show_tenants import ShowTenants, TenantFigures
from darkroom_predictor.terms import BOUND_MAX, KEPT, WEIGHT_MAX, WEIGHT_MIN, Terms, TermsChange

InstanceId = Annotated[str, Path(alias="instanceId", min_length=1, max_length=INSTANCE_ID_MAX, pattern=r"^[^_]")]
Bound = Annotated[int, Field(ge=1, le=BOUND_MAX, strict=True)]


class TermsRequest(StrictBody):
    """What to change: a field that is left out stays; null clears what an operator had set."""

    weight: Annotated[float, Field(ge=WEIGHT_MIN, le=WEIGHT_MAX, allow_inf_nan=False)] | None = Field(
        default=None, description="share in the fair order; null: the plan's"
    )
    cap_per_minute: Bound | None = Field(default=None, description="starts in any minute; null: the plan's, if it has one")
    concurrency: Bound | None = Field(default=None, description="predictions in flight; null: as many as the accounts allow")
    requests_per_minute: Bound | None = Field(default=None, description="for each principal at the API; null: the platform's")
    paused: bool | None = Field(default=None, description="true: nothing of the tenant's is started")


class TermsBody(Body):
    """A tenant's terms in force."""

    instance_id: str
    plan: str | None
    weight: float
    cap_per_minute: int | None
    concurrency: int | None
    requests_per_minute: int | None
    paused: bool


class TenantBody(TermsBody):
    """A tenant's terms, and how the fair order serves it."""

    share_due: float = Field(description="its part of the turns in the window, by weight among those that asked")
    share_got: float
    waiting: int
    in_flight: int
    started_in_window: int
    oldest_wait_seconds: float | None = Field(description="of what may start now")
    wait_p50_seconds: float | None = Field(description="from waiting to started, over the starts of the last ten minutes")
    wait_p95_seconds: float | None
    wait_p99_seconds: float | None
    rate_limited_seconds: float = Field(description="held back by its own cap since the limiter was opened last")


class TenantsBody(Body):
    """All tenants, the busiest first."""

    window_seconds: float
    tenants: list[TenantBody]


def tenant_routes(
    keep_terms: KeepTerms, show_tenants: ShowTenants, principal: Callable[[Request], Awaitable[Principal]]
) -> APIRouter:
    """Figures and terms of tenants."""
    router = APIRouter(prefix="/api/operator/tenants", tags=["operator"])
    signed_in = Depends(only_operators(principal))

    @router.get("")
    async def tenants(_operator: Principal = signed_in) -> TenantsBody:
        """Every tenant's terms and figures."""
        found = await show_tenants()
        return TenantsBody(window_seconds=show_tenants.window_seconds, tenants=[_tenant_body(one) for one in found])

    @router.put("/{instanceId}", openapi_extra=json_body(TermsRequest))
    async def set_terms(request: Request, instance_id: InstanceId, operator: Principal = signed_in) -> TermsBody:
        """Change what is named, keep the rest. In force with the next turn on all replicas."""
        body = await read_body(request, TermsRequest)
        if not body.model_fields_set:
            raise invalid("body", "names nothing to change")
        if "paused" in body.model_fields_set and body.paused is None:
            raise invalid("paused", "must be true or false")
        return terms_body(await keep_terms.change(instance_id, _change_of(body), by=operator.subject))

    return router


def terms_body(terms: Terms) -> TermsBody:
    """Terms as they are shown."""
    return TermsBody(
        instance_id=terms.instance_id,
        plan=terms.plan,
        weight=terms.weight,
        cap_per_minute=terms.cap_per_minute,
        concurrency=terms.concurrency,
        requests_per_minute=terms.requests_per_minute,
        paused=terms.paused,
    )


def _tenant_body(figures: TenantFigures) -> TenantBody:
    standing, waits = figures.standing, figures.standing.waits or (None, None, None)
    return TenantBody(
        **vars(terms_body(figures.terms)),
        share_due=round(figures.share_due, 4),
        share_got=round(figures.share_got, 4),
        waiting=standing.waiting,
        in_flight=standing.in_flight,
        started_in_window=standing.started,
        oldest_wait_seconds=standing.oldest_seconds,
        wait_p50_seconds=waits[0],
        wait_p95_seconds=waits[1],
        wait_p99_seconds=waits[2],
        rate_limited_seconds=figures.held_seconds,
    )


def _change_of(body: TermsRequest) -> TermsChange:
    named = body.model_fields_set
    return TermsChange(
        weight=body.weight if "weight" in named else KEPT,
        cap_per_minute=body.cap_per_minute if "cap_per_minute" in named else KEPT,
        concurrency=body.concurrency if "concurrency" in named else KEPT,
        requests_per_minute=body.requests_per_minute if "requests_per_minute" in named else KEPT,
        paused=KEPT if body.paused is None else body.paused,
    )
