"""`/webhooks/sendgrid`, `/webhooks/twilio`: only what the vendor has signed counts, each in the vendor's own way."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.problems import Problem, ProblemBody, invalid
from darkroom_servicekit.request_body import read_bytes
from fastapi import APIRouter, Request, Response

from darkroom_notifier.measures import Measures
from darkroom_notifier.people.store import EVERY_TENANT, lift_opt_out, suppress
from darkroom_notifier.webhooks import sendgrid, twilio
from darkroom_notifier.webhooks.record_reports import record_reports
from darkroom_notifier.webhooks.reports import Report
from darkroom_notifier.webhooks.sendgrid import BrokenReport, SendGridKey
from darkroom_notifier.webhooks.twilio import OptChange

FORM_FIELDS_MAX = 100
ANSWERS: dict[int | str, dict[str, Any]] = {
    403: {"model": ProblemBody, "description": "Not signed by the vendor"},
    413: {"model": ProblemBody, "description": "More than 1 MB"},
}

log = structlog.get_logger()


class ReportRoutes:
    """`public_url`: the address that Twilio was given and signs. A vendor's report is accepted if one of its keys signed it."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        measures: Measures,
        *,
        public_url: str | None,
        sendgrid_keys: Sequence[SendGridKey],
        twilio_tokens: Sequence[str],
    ) -> None:
        self._uow = unit_of_work
        self._measures = measures
        self._public_url = (public_url or "").rstrip("/")
        self._sendgrid_keys = sendgrid_keys
        self._twilio_tokens = twilio_tokens

    def router(self) -> APIRouter:
        """Both routes."""
        router = APIRouter(prefix="/webhooks", tags=["webhooks"])
        router.add_api_route("/sendgrid", self.on_sendgrid, methods=["POST"], status_code=204, responses=ANSWERS)
        router.add_api_route("/twilio", self.on_twilio, methods=["POST"], status_code=204, responses=ANSWERS)
        return router

    async def on_sendgrid(self, request: Request) -> Response:
        """SendGrid's events on e-mails (JSON list)."""
        body = await read_bytes(request)
        timestamp = request.headers.get(sendgrid.TIMESTAMP_HEADER, "")
        signature = request.headers.get(sendgrid.SIGNATURE_HEADER, "")
        if not any(key.has_signed(body, timestamp=timestamp, signature=signature) for key in self._sendgrid_keys):
            raise _forged("sendgrid")
        try:
            reports = sendgrid.read_events(body)
        except BrokenReport as error:
            raise invalid("body", str(error)) from error
        await self._record("email", "sendgrid", reports)
        return Response(status_code=204)

    async def on_twilio(self, request: Request) -> Response:
        """Twilio's status of one SMS, or an SMS from a person with STOP or START (form)."""
        body = await read_bytes(request)
        try:
            form = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX)
        except ValueError as error:
            raise invalid("body", "must be a form") from error
        query = f"?{request.url.query}" if request.url.query else ""
        url = self._public_url + request.url.path + query
        signature = request.headers.get(twilio.SIGNATURE_HEADER, "")
        if not any(twilio.has_signed(token, url, form, signature) for token in self._twilio_tokens):
            raise _forged("twilio")
        change = twilio.read_opt_change(dict(form))
        if change:
            await self._change_opt(change)
            return Response(status_code=204)
        report = twilio.read_form(dict(form), request.query_params.get("message"), datetime.now(UTC))
        await self._record("sms", "twilio", [report] if report else [])
        return Response(status_code=204)

    async def _change_opt(self, change: OptChange) -> None:
        async with self._uow.begin() as transaction:
            if change.stopped:
                await suppress(transaction, {("sms", change.number, EVERY_TENANT, "unsubscribed")})
            else:
                await lift_opt_out(transaction, change.number)

    async def _record(self, channel: str, vendor: str, reports: list[Report]) -> None:
        if not reports:
            return
        async with self._uow.begin() as transaction:
            fresh = await record_reports(transaction, channel, vendor, reports)
        for report in fresh:
            self._measures.deliveries.labels(vendor=vendor, status=report.status).inc()


def _forged(vendor: str) -> Problem:
    log.warning("report refused: not signed", vendor=vendor)
    return Problem(403, "Not signed", "The signature does not fit.", kind="/problems/not-signed")
