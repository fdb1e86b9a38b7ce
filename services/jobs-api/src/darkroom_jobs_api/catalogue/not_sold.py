"""The answer while a product cannot be ordered: its row is wrong, or is not there."""

import structlog
from darkroom_servicekit.problems import Problem, answer
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from darkroom_jobs_api.catalogue.store import ProductNotInCatalogue

RETRY_AFTER_SECONDS = 60

log = structlog.get_logger()


def not_sold() -> Problem:
    """`503`: an operator has to mend the row."""
    return Problem(
        503,
        "Not available at the moment",
        "This product cannot be ordered just now; nothing has been charged.",
        kind="/problems/unavailable",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def install_not_sold_handler(app: FastAPI) -> None:
    """Answer so on every route that needs a product whose row is not there or cannot be read."""

    @app.exception_handler(ProductNotInCatalogue)
    async def on_not_sold(request: Request, error: ProductNotInCatalogue) -> JSONResponse:
        log.error("product cannot be sold: it is not in the catalogue", product=str(error), path=request.url.path)
        return answer(not_sold())
