"""The control of the wires: `GET` and `PUT /sandbox/wire`."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from darkroom_sandbox.replicate.problems import PROBLEM_JSON
from darkroom_sandbox.wire.options import WireChange, WireOptions
from darkroom_sandbox.wire.wires import UnknownWire, Wires


def build_wire_router(wires: Wires) -> APIRouter:
    """The routes, under `/sandbox`."""
    router = APIRouter(prefix="/sandbox", tags=["control"])

    @router.get("/wire")
    async def show_wires() -> dict[str, dict[str, Any]]:  # Any: a wire's address and its options
        """Where each vendor is reached over its wire, and what its wire does now."""
        addresses = wires.addresses()
        options = wires.options()
        return {
            "wires": {vendor: {"url": addresses[vendor], **options[vendor].model_dump(by_alias=True)} for vendor in addresses}
        }

    @router.put("/wire", response_model=WireOptions)
    async def change_wire(change: WireChange) -> Any:  # Any: the options or a problem
        """Replaces what a vendor's wire does, from now on, for open connections too."""
        options = WireOptions.model_validate(change.model_dump(exclude={"vendor"}))
        try:
            wires.change(change.vendor, options)
        except UnknownWire:
            known = ", ".join(wires.addresses()) or "none (set DARKROOM_SANDBOX_WIRES)"
            detail = f"there is no wire in front of {change.vendor!r}; there are: {known}"
            return JSONResponse({"title": "Unknown wire", "status": 404, "detail": detail}, 404, media_type=PROBLEM_JSON)
        return options

    return router
