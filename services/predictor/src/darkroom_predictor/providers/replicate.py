"""Replicate over HTTP: one creation, one request, never repeated. Facts: Replicate's HTTP reference and OpenAPI (2026)."""

import json
import re
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from darkroom_predictor.providers.door import (
    Accepted,
    CancelFailed,
    Creation,
    Listed,
    ListedPage,
    LookUpFailed,
    NotSent,
    Outcome,
    Refusal,
    Refused,
    Unanswered,
)
from darkroom_predictor.providers.http_calls import Answer, HttpCalls, NoAnswer, NotConnected, SentTooLate

LIST_SECONDS_MAX = 10.0
CANCEL_SECONDS_MAX = 10.0
ANSWER_CHARACTERS_MAX = 300
OFFICIAL_MODEL = re.compile(r"^[\w.-]+/[\w.-]+$")
RESETS_IN = re.compile(r"~?(\d+(?:\.\d+)?)\s*s(?:econds?)?\b")
LISTED = 200
THROTTLED = 429
CANCEL_TAKEN = frozenset({200, 201, 202, 204, 404})
CREATED = frozenset({200, 201, 202})
NO_CREDIT = 402
NO_RIGHT = 401
NO_RIGHT_TO_MODEL = 403
GONE = frozenset({404, 410})
NO_SUCH_VERSION = "invalid version"
"""How the title of a 422 begins that is about the model, not the input."""
BAD_REQUEST = frozenset({400, 405, 413, 415, 422})
INVALID_FIELD = re.compile(r"(?m)^- ([\w.\[\]-]+):")
FIELDS_MAX = 20
FIELD_CHARACTERS_MAX = 100
LOW_CREDIT = re.compile(r"\bcredit", re.IGNORECASE)
"""In a 429: the account is cut to six creations a minute, one at a time, until it is paid (below 5 USD, seen in 2026)."""


class Replicate:
    """The door to Replicate, for one or several accounts: each account's token by our name for it."""

    name = "replicate"

    def __init__(
        self,
        accounts: Mapping[str, str],
        *,
        base_url: str,
        webhook_base_url: str | None,
        connect_seconds_max: float,
        create_seconds_max: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tokens = dict(accounts)
        self._api = f"{base_url.rstrip('/')}/v1"
        self._path = urlsplit(self._api).path
        self._webhooks = f"{webhook_base_url.rstrip('/')}/webhooks/{self.name}/" if webhook_base_url else None
        self._create_seconds_max = create_seconds_max
        self._http = HttpCalls(self._api, connect_seconds_max=connect_seconds_max, tls=tls)

    @property
    def accounts(self) -> Sequence[str]:
        return tuple(self._tokens)

    @property
    def webhook_expected(self) -> bool:
        return self._webhooks is not None

    async def create(self, creation: Creation) -> Outcome:
        path, body = self._request(creation)
        headers = self._headers(creation.account) | {
            "content-type": "application/json",
            "cancel-after": f"{creation.cancel_after_seconds}s",
        }
        try:
            answer = await self._http.call(
                "POST",
                path,
                headers,
                body=body,
                answer_seconds_max=self._create_seconds_max,
                send_before=creation.send_before,
            )
        except SentTooLate:
            return NotSent(too_late=True, message="the grant was too old when the call could go out")
        except NotConnected as error:
            return NotSent(too_late=False, message=str(error))
        except NoAnswer as error:
            return Unanswered(message=str(error))
        return read_answer(answer)

    async def list_page(self, account: str, *, since: datetime, until: datetime, page: str | None) -> ListedPage:
        between = urlencode({"created_after": _in_zulu(since), "created_before": _in_zulu(until)})
        target = page or f"{self._path}/predictions?{between}"
        try:
            answer = await self._http.call("GET", target, self._headers(account), answer_seconds_max=LIST_SECONDS_MAX)
            if answer.status != LISTED:
                raise LookUpFailed(f"status {answer.status}")
            content = json.loads(answer.content)
            listed = [found for one in content["results"] if (found := self._listed(one))]
            following = content.get("next")
        except (NotConnected, NoAnswer, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LookUpFailed(f"{type(error).__name__}: {error}") from error
        return ListedPage(listed=listed, following=self._target(following) if following else None)

    async def cancel(self, account: str, prediction_id: str) -> None:
        path = f"{self._path}/predictions/{quote(prediction_id, safe='')}/cancel"
        try:
            answer = await self._http.call("POST", path, self._headers(account), answer_seconds_max=CANCEL_SECONDS_MAX)
        except (NotConnected, NoAnswer) as error:
            raise CancelFailed(str(error)) from error
        if answer.status not in CANCEL_TAKEN:
            raise CancelFailed(f"status {answer.status}")

    async def close(self) -> None:
        await self._http.close()

    def _target(self, address: str) -> str:
        """A full address of the provider's as the target of a request to it."""
        parts = urlsplit(address)
        if parts.netloc != urlsplit(self._api).netloc:
            raise LookUpFailed("the next page is at another address")
        return f"{parts.path}?{parts.query}"

    def _listed(self, prediction: Any) -> Listed | None:
        """An entry of the list; None where it names no prediction. Whatever else is odd about it hides nothing."""
        if not isinstance(prediction, dict) or not isinstance(prediction.get("id"), str):
            return None
        attempt_id, callback_token = None, None
        webhook, given = prediction.get("webhook"), prediction.get("input")
        if self._webhooks and isinstance(webhook, str) and webhook.startswith(self._webhooks):
            address = urlsplit(webhook)
            attempt_id = address.path.rsplit("/", 1)[-1]
            callback_token = next(iter(parse_qs(address.query).get("token", [])), None)
        return Listed(
            prediction_id=prediction["id"],
            created_at=_time(prediction.get("created_at")),
            attempt_id=attempt_id,
            callback_token=callback_token,
            has_webhook=bool(webhook),
            input=given if isinstance(given, dict) else {},
        )

    def _request(self, creation: Creation) -> tuple[str, bytes]:
        """Address and body; the input's JSON goes through as it was filed."""
        parts = [f'"input":{creation.input_json}']
        if self._webhooks:
            address = f"{self._webhooks}{creation.attempt_id}?token={creation.callback_token}"
            parts.append(f'"webhook":{json.dumps(address)},"webhook_events_filter":["completed"]')
        path = f"{self._path}/models/{creation.model}/predictions"
        if not OFFICIAL_MODEL.match(creation.model):
            path = f"{self._path}/predictions"
            parts.append(f'"version":{json.dumps(creation.model)}')
        return path, ("{" + ",".join(parts) + "}").encode()

    def _headers(self, account: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self._tokens[account]}"}


def read_answer(answer: Answer) -> Outcome:
    """Classify the answer to a creation. Only an answer that proves that no prediction was made is a refusal."""
    status, content = answer.status, answer.content
    if status in CREATED:
        try:
            prediction = json.loads(content)
            return Accepted(
                prediction_id=str(prediction["id"]), output=prediction.get("output"), places_left=_places_left(answer.headers)
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return Unanswered(message=f"status {status} without a prediction that can be read")
    problem = _problem(content)
    message = f"status {status}: {problem.get('detail') or problem.get('title') or 'no reason given'}"[:ANSWER_CHARACTERS_MAX]
    refusal = _refusal(status, problem)
    if refusal is None:
        return Unanswered(message=message)
    wait = _retry_after(answer.headers, problem) if status == THROTTLED else None
    fields = _invalid_fields(problem) if refusal is Refusal.BAD_INPUT else ()
    return Refused(refusal=refusal, message=message, retry_after_seconds=wait, fields=fields)


def _in_zulu(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time(value: object) -> datetime | None:
    """A time of the provider's; UTC where it names no zone, None where it cannot be read."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _refusal(status: int, problem: dict[str, Any]) -> Refusal | None:
    """Why no prediction was made; None where the status does not prove that none was.

    A proxy may answer any 5xx (503 too), a 408 or a status of its own after it has passed the request on.
    """
    if status == THROTTLED:
        return Refusal.LOW_CREDIT if LOW_CREDIT.search(str(problem.get("detail", ""))) else Refusal.THROTTLED
    if status == NO_CREDIT:
        return Refusal.LOW_CREDIT
    if status == NO_RIGHT:
        return Refusal.ACCOUNT
    if status == NO_RIGHT_TO_MODEL:
        return Refusal.MODEL_FORBIDDEN
    if status in GONE or (status == 422 and str(problem.get("title", "")).lower().startswith(NO_SUCH_VERSION)):
        return Refusal.MODEL_GONE
    if status in BAD_REQUEST:
        return Refusal.BAD_INPUT
    return None


def _invalid_fields(problem: dict[str, Any]) -> tuple[str, ...]:
    """The paths that a 422 names: in `invalid_fields`, else in the lines "- path: message" of its detail."""
    listed = problem.get("invalid_fields")
    if isinstance(listed, list) and listed:
        paths = [one.get("field") for one in listed if isinstance(one, dict)]
    else:
        paths = INVALID_FIELD.findall(str(problem.get("detail", "")))
    return tuple(dict.fromkeys(path[:FIELD_CHARACTERS_MAX] for path in paths if isinstance(path, str) and path))[:FIELDS_MAX]


def _places_left(headers: Mapping[str, str]) -> int | None:
    left = headers.get("ratelimit-remaining", "")
    return int(left) if left.isascii() and left.isdigit() else None


def _problem(content: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(content)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _retry_after(headers: Mapping[str, str], problem: dict[str, Any]) -> float | None:
    """Header, else `retry_after` of the body, else "~Ns" in its detail; None when none of them says."""
    for value in (headers.get("retry-after"), problem.get("retry_after")):
        try:
            return max(0.0, float(value))  # type: ignore[arg-type]  # None and words raise, as wanted
        except (TypeError, ValueError):
            continue
    match = RESETS_IN.search(str(problem.get("detail", "")))
    return float(match[1]) if match else None
