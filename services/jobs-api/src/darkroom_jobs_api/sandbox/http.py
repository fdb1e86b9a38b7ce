"""`/api/operator/sandbox`: the sandbox' faults as an operator's switches. `404` where the platform runs on no sandbox."""

from collections.abc import Awaitable, Callable

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.http import Body
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import only_operators
from darkroom_servicekit.problems import Problem, ProblemBody
from darkroom_servicekit.request_body import read_json_object
from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field

from darkroom_jobs_api.answers import problems
from darkroom_jobs_api.sandbox.door import Options, SandboxDoor, SandboxRefused, SandboxUnavailable, Vendor

PrincipalDependency = Callable[..., Awaitable[Principal]]


class SandboxBody(Body):
    """Where the sandbox is, and what each of its vendors does."""

    url: str
    vendors: dict[str, Options]
    schemas: dict[str, Options] = Field(description="by vendor, the JSON Schema of its options")


class SandboxChanges(Body):
    """Options to change; the sandbox itself says which there are."""

    model_config = ConfigDict(extra="allow")


def sandbox_routes(door: SandboxDoor | None, principal: PrincipalDependency) -> APIRouter:
    """Show and change the faults; without a door there are none."""
    router = APIRouter(prefix="/api/operator/sandbox", tags=["operator"], dependencies=[Depends(only_operators(principal))])
    refusals = problems(401, 404, 503) | {403: {"model": ProblemBody, "description": "This needs the role `operator`"}}

    @router.get("", responses=refusals)
    async def show() -> SandboxBody:
        """The sandbox' address, its vendors' options, and what they may be set to."""
        sandbox = _there(door)
        try:
            return SandboxBody(url=sandbox.url, vendors=await sandbox.all_options(), schemas=await sandbox.all_schemas())
        except SandboxUnavailable as error:
            raise _away() from error

    @router.put("/{vendor}", responses=refusals | problems(400, 413, 415), openapi_extra=json_body(SandboxChanges))
    async def change(vendor: Vendor, request: Request) -> Options:
        """Change what is named, keep the rest; answers all of the vendor's options."""
        changes = await read_json_object(request)
        try:
            return await _there(door).change(vendor, changes)
        except SandboxRefused as error:
            raise Problem(400, "Not an option of the sandbox", str(error)) from error
        except SandboxUnavailable as error:
            raise _away() from error

    return router


def _there(door: SandboxDoor | None) -> SandboxDoor:
    if door is None:
        raise Problem(404, "No sandbox", "This platform does not run on the sandbox.", kind="/problems/not-found")
    return door


def _away() -> Problem:
    detail = "The sandbox does not answer just now."
    return Problem(503, "Not available at the moment", detail, kind="/problems/unavailable", headers={"Retry-After": "2"})
