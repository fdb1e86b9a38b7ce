"""The simulated Twilio: Messages of an account, and the status callbacks that each asked for.

Twilio's own test numbers fail as there: +15005550001 is no number, …0004 has opted out, …0009 cannot get SMS; …0010 is taken
but not reached.
Source: Twilio, "Messages resource", "Test credentials", "Webhooks security".
"""

import base64
import binascii
import hmac
import json
import random
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from darkroom_sandbox.call_log import Call
from darkroom_sandbox.messages.box import Box, Sms
from darkroom_sandbox.messages.courier import Courier
from darkroom_sandbox.messages.door import SEND, VendorDoor, VendorError
from darkroom_sandbox.messages.options import IncomingSms, TwilioOptions

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
GSM_7 = re.compile(r"[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]*")
BODY_CHARACTERS_MAX = 1_600
FORM_BYTES_MAX = 100_000
NOT_REACHED = "+15005550010"
STOPPED = (21610, "Attempt to send to unsubscribed recipient")
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
"""Twilio, "Support for opt-out keywords"."""
REFUSED: dict[str, tuple[int, str]] = {
    "+15005550001": (21211, "The 'To' number {to} is not a valid phone number."),
    "+15005550004": STOPPED,
    "+15005550009": (21614, "'To' number is not a valid mobile number"),
}


class TwilioShapes:
    """How Twilio is spoken to and how it refuses."""

    name = "twilio"

    def key_of(self, request: Request) -> str | None:
        """The auth token of HTTP Basic."""
        scheme, _, coded = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, token = base64.b64decode(coded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        good = scheme.lower() == "basic" and user and token and not token.startswith("invalid")
        return token if good and not user.startswith("invalid") else None

    def unauthorized(self) -> Response:
        return _error(401, 20003, "Authenticate")

    def throttled(self, reset_seconds: int) -> Response:
        answer = _error(429, 20429, "Too Many Requests")
        answer.headers["retry-after"] = str(reset_seconds)
        return answer

    def broken(self) -> Response:
        return _error(500, 20500, "Internal Server Error")


class TwilioApi:
    """Takes SMS and reports on them."""

    def __init__(self, box: Box, courier: Courier, options: Callable[[], TwilioOptions], platform_url: str) -> None:
        self._box = box
        self._courier = courier
        self._options = options
        self._webhook = f"{platform_url.rstrip('/')}/webhooks/twilio" if platform_url else None
        self._sent: tuple[Sms, str] | None = None  # the newest SMS, and the auth token that it came with
        self._stopped: set[tuple[str, str]] = set()

    def routes(self, door: VendorDoor) -> list[BaseRoute]:
        """All routes, each as Twilio has it."""
        account = "/twilio/2010-04-01/Accounts/{account}"
        return [
            Route(f"{account}/Messages.json", door.endpoint(SEND, self.send), methods=["POST"]),
            Route(f"{account}/Messages.json", door.endpoint("list", self.list_all), methods=["GET"]),
            Route(f"{account}/Messages/{{sid}}.json", door.endpoint("get", self.get), methods=["GET"]),
        ]

    async def send(self, request: Request, call: Call, key: str) -> Response:
        """POST Messages.json: 201 and the message."""
        form = dict(parse_qsl((await request.body())[:FORM_BYTES_MAX].decode("utf-8", "replace"), keep_blank_values=True))
        call.input_json = json.dumps(form).encode()
        _check(form)
        if (call.account, form["To"]) in self._stopped:
            raise VendorError(_error(400, *STOPPED))
        sms = Sms(
            sid=f"SM{secrets.token_hex(16)}",
            at=call.at,
            account=call.account,
            account_sid=request.path_params["account"],
            sender=form.get("From") or form["MessagingServiceSid"],
            to=form["To"],
            body=form["Body"],
            callback=form.get("StatusCallback") or None,
            segments=_segments(form["Body"]),
        )
        call.id = sms.sid
        self._box.add_sms(sms)
        self._sent = (sms, key)
        answer = JSONResponse(_view(sms), 201)
        self._follow(sms, key)
        return answer

    def receive(self, wanted: IncomingSms) -> dict[str, str] | None:
        """Take an SMS of a person to the number that sent last, and hand it on; None when nobody has sent one.

        As Twilio does, STOP ends all SMS to the person's number (error 21610) and START lets them go again.
        """
        if self._sent is None:
            return None
        newest, key = self._sent
        word = wanted.body.strip().upper()
        opt_out = "STOP" if word in STOP_WORDS else "START" if word in START_WORDS else ""
        number = (newest.account, wanted.sender)
        if opt_out == "STOP":
            self._stopped.add(number)
        elif opt_out == "START":
            self._stopped.discard(number)
        form = {
            "MessageSid": f"SM{secrets.token_hex(16)}",
            "SmsStatus": "received",
            "From": wanted.sender,
            "To": newest.sender,
            "Body": wanted.body,
            "NumMedia": "0",
            "AccountSid": newest.account_sid,
            "ApiVersion": "2010-04-01",
            **({"OptOutType": opt_out} if opt_out else {}),
        }
        options = self._options()
        if url := options.webhook.url or self._webhook:
            headers = signed_headers(key, url, form)
            self._courier.send(url, urlencode(form).encode(), partial(_same, headers), options.webhook)
        return form

    def clear(self) -> None:
        """Forget who stopped."""
        self._stopped.clear()

    async def get(self, request: Request, call: Call, _key: str) -> Response:
        """GET Messages/{sid}.json"""
        for sms in self._box.sms:
            if (sms.sid, sms.account) == (request.path_params["sid"], call.account):
                return JSONResponse(_view(sms))
        raise VendorError(_error(404, 20404, f"The requested resource {request.url.path} was not found"))

    async def list_all(self, request: Request, call: Call, _key: str) -> Response:
        """GET Messages.json: the newest fifty."""
        found = [_view(sms) for sms in reversed(self._box.sms) if sms.account == call.account][:50]
        page = {"messages": found, "page": 0, "page_size": 50, "first_page_uri": request.url.path, "next_page_uri": None}
        return JSONResponse(page)

    def _follow(self, sms: Sms, key: str) -> None:
        options = self._options()
        failed = sms.to == NOT_REACHED or (options.undelivered_rate and random.random() < options.undelivered_rate)
        sms.error_code = 30003 if failed else None
        for status in ("sent", "undelivered" if failed else "delivered"):
            sms.status = status
            if sms.callback:
                form = {
                    "SmsSid": sms.sid,
                    "SmsStatus": status,
                    "MessageSid": sms.sid,
                    "MessageStatus": status,
                    "To": sms.to,
                    "From": sms.sender,
                    "AccountSid": sms.account_sid,
                    "ApiVersion": "2010-04-01",
                }
                if status == "undelivered":
                    form["ErrorCode"] = str(sms.error_code)
                headers = signed_headers(key, sms.callback, form)
                self._courier.send(sms.callback, urlencode(form).encode(), partial(_same, headers), options.webhook)


def _same(headers: dict[str, str], _body: bytes) -> dict[str, str]:
    return headers


def signed_headers(auth_token: str, url: str, form: dict[str, str]) -> dict[str, str]:
    """The headers of a callback: HMAC-SHA1 over the address and the sorted parameters."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.digest(auth_token.encode(), signed.encode(), "sha1")).decode()
    return {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}


def _check(form: dict[str, str]) -> None:
    to = form.get("To", "")
    if not to:
        raise VendorError(_error(400, 21604, "A 'To' phone number is required."))
    if not form.get("From") and not form.get("MessagingServiceSid"):
        raise VendorError(_error(400, 21603, "A 'From' phone number is required."))
    if not form.get("Body"):
        raise VendorError(_error(400, 21602, "Message body is required."))
    if len(form["Body"]) > BODY_CHARACTERS_MAX:
        raise VendorError(_error(400, 21617, "The concatenated message body exceeds the 1600 character limit."))
    if not E164.fullmatch(to):
        raise VendorError(_error(400, 21211, f"The 'To' number {to} is not a valid phone number."))
    if to in REFUSED:
        code, told = REFUSED[to]
        raise VendorError(_error(400, code, told.format(to=to)))


def _segments(body: str) -> int:
    """160 GSM-7 or 70 UCS-2 characters alone, 153 or 67 each when there are several."""
    alone, each = (160, 153) if GSM_7.fullmatch(body) else (70, 67)
    return 1 if len(body) <= alone else -(-len(body) // each)


def _view(sms: Sms) -> dict[str, object]:
    at = format_datetime(datetime.fromtimestamp(sms.at, UTC)).replace("GMT", "+0000")
    uri = f"/2010-04-01/Accounts/{sms.account_sid}/Messages/{sms.sid}"
    return {
        "sid": sms.sid,
        "account_sid": sms.account_sid,
        "api_version": "2010-04-01",
        "body": sms.body,
        "date_created": at,
        "date_sent": None,
        "date_updated": at,
        "direction": "outbound-api",
        "error_code": sms.error_code,
        "error_message": None,
        "from": sms.sender,
        "to": sms.to,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": str(sms.segments),
        "price": None,
        "price_unit": "USD",
        "status": sms.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "uri": f"{uri}.json",
    }


def _error(status: int, code: int, message: str) -> Response:
    body = {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return JSONResponse(body, status)
