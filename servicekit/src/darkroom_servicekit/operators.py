"""Routes for operators: who has the role passes, everyone else is refused with 403, whatever the tenant."""

from collections.abc import Awaitable, Callable

from fastapi import Depends

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.problems import Problem

OPERATOR = "operator"

PrincipalOf = Callable[..., Awaitable[Principal]]


def only_operators(principal_of: PrincipalOf) -> Callable[[Principal], Awaitable[Principal]]:
    """The dependency that lets operators pass, and nobody else."""

    async def operator(principal: Principal = Depends(principal_of)) -> Principal:  # noqa: B008 - FastAPI's way
        if OPERATOR not in principal.roles:
            raise Problem(403, "Not allowed", "This needs the role `operator`.", kind="/problems/forbidden")
        return principal

    return operator
