"""The control of mail and SMS: what was sent, as JSON for tests and as a page for people; how the vendors shall behave."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import ValidationError
from starlette.responses import Response

from darkroom_sandbox.messages.box import Box
from darkroom_sandbox.messages.options import CurrentVendorOptions, SendGridOptions, SmtpOptions, TwilioOptions
from darkroom_sandbox.messages.pages import HEADERS, mail_page, sms_page
from darkroom_sandbox.replicate.problems import PROBLEM_JSON

To = Annotated[str | None, Query(description="only those to this address")]


def build_messages_control(
    box: Box,
    sendgrid: CurrentVendorOptions[SendGridOptions],
    twilio: CurrentVendorOptions[TwilioOptions],
    smtp: CurrentVendorOptions[SmtpOptions],
) -> APIRouter:
    """The control's routes, all under `/sandbox`."""
    router = APIRouter(prefix="/sandbox", tags=["control"])

    @router.get("/mail", response_model=None)
    async def mail(request: Request, to: To = None) -> Response:
        """What was sent, oldest first."""
        found = [one for one in box.mails if to is None or any(person["email"] == to for person in (*one.to, *one.cc, *one.bcc))]
        if _wants_page(request):
            return HTMLResponse(mail_page(found), headers=HEADERS)
        return JSONResponse({"messages": [one.shown() for one in found]})

    @router.get("/sms", response_model=None)
    async def sms(request: Request, to: To = None) -> Response:
        """What was sent, oldest first."""
        found = [one for one in box.sms if to is None or one.to == to]
        if _wants_page(request):
            return HTMLResponse(sms_page(found), headers=HEADERS)
        return JSONResponse({"messages": [one.shown() for one in found]})

    @router.get("/sendgrid")
    async def show_sendgrid() -> SendGridOptions:
        """The options in force."""
        return sendgrid.now

    @router.put("/sendgrid", response_model=SendGridOptions)
    async def change_sendgrid(changes: Annotated[dict[str, Any], Body()]) -> Any:  # Any: the options or a problem
        """Changes what is named, keeps the rest."""
        return _change(sendgrid, changes)

    @router.get("/twilio")
    async def show_twilio() -> TwilioOptions:
        """The options in force."""
        return twilio.now

    @router.put("/twilio", response_model=TwilioOptions)
    async def change_twilio(changes: Annotated[dict[str, Any], Body()]) -> Any:  # Any: the options or a problem
        """Changes what is named, keeps the rest."""
        return _change(twilio, changes)

    @router.get("/smtp")
    async def show_smtp() -> SmtpOptions:
        """The options in force."""
        return smtp.now

    @router.put("/smtp", response_model=SmtpOptions)
    async def change_smtp(changes: Annotated[dict[str, Any], Body()]) -> Any:  # Any: the options or a problem
        """Changes what is named, keeps the rest."""
        return _change(smtp, changes)

    return router


def _change(options: CurrentVendorOptions[Any], changes: dict[str, Any]) -> Any:
    try:
        return options.change(changes)
    except ValidationError as error:
        errors = [{"field": ".".join(map(str, fault["loc"])) or "body", "detail": fault["msg"]} for fault in error.errors()]
        detail = "; ".join(f"{one['field']}: {one['detail']}" for one in errors)
        body = {"title": "Invalid options", "status": 422, "detail": detail, "errors": errors}
        return JSONResponse(body, 422, media_type=PROBLEM_JSON)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
