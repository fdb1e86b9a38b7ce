"""The poller's HTTP doors: webhooks in, stored results out."""

from typing import Annotated
from uuid import UUID

from darkroom_servicekit.group_commit import TooManyWaiting
from darkroom_servicekit.http import Body
from darkroom_servicekit.problems import Problem
from darkroom_servicekit.request_body import read_bytes
from darkroom_servicekit.storage import CACHE_FOREVER, ObjectNotFound, ObjectStore, StorageUnavailable, content_type_of
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from darkroom_poller.receive_webhook import ReceiveWebhook, UnreadableWebhook, WrongToken
from darkroom_poller.result_keys import RESULT_KEY
from darkroom_poller.webhook_signatures import ForgedWebhook, SecretsMissing

TOKEN_CHARACTERS_MAX = 200
RETRY_AFTER_SECONDS = "2"
SIGNATURE_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class WebhookTaken(Body):
    """The answer to a webhook."""

    outcome: str


def webhook_routes(replicate: ReceiveWebhook) -> APIRouter:
    """`POST /webhooks/replicate/{attemptId}?token=…`."""
    router = APIRouter(tags=["webhooks"])

    @router.post("/webhooks/replicate/{attempt_id}", response_model=WebhookTaken)
    async def replicate_webhook(
        attempt_id: UUID, request: Request, token: Annotated[str, Query(max_length=TOKEN_CHARACTERS_MAX)] = ""
    ) -> Response:
        """A prediction's webhook, signed by Replicate. The same webhook may come any number of times, in any order."""
        body = await read_bytes(request)
        headers = {name: request.headers[name] for name in SIGNATURE_HEADERS if name in request.headers}
        try:
            outcome = await replicate.receive(str(attempt_id), token, headers, body)
        except ForgedWebhook as error:
            raise Problem(401, "Signature refused", "The webhook is not signed by the provider, or too old.") from error
        except WrongToken as error:
            raise Problem(403, "Wrong token", "The webhook does not belong to this attempt.") from error
        except UnreadableWebhook as error:
            raise Problem(400, "Unreadable webhook", "The body is not a prediction.") from error
        except (SecretsMissing, TooManyWaiting) as error:
            raise Problem(503, "Try again", headers={"Retry-After": RETRY_AFTER_SECONDS}) from error
        return Response(f'{{"outcome":"{outcome}"}}', 202 if outcome == "early" else 200, media_type="application/json")

    return router


def media_routes(storage: ObjectStore) -> APIRouter:
    """`GET /media/{key}`: results by their content-addressed names, for ever the same."""
    router = APIRouter(tags=["media"])

    # HEAD has a route of its own: the size and type of a picture are known without opening its content.
    @router.get("/media/{key:path}", response_class=StreamingResponse)
    @router.head("/media/{key:path}", response_class=StreamingResponse)
    async def media(key: str, request: Request) -> Response:
        """A stored picture. The name is unguessable and its content never changes, so any cache may keep it."""
        named = RESULT_KEY.fullmatch(key)
        if named is None:
            raise _no_such_picture()
        etag = f'"{key.rpartition("/")[2]}"'
        headers = {"ETag": etag, "Cache-Control": CACHE_FOREVER, "X-Content-Type-Options": "nosniff"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        try:
            opened = await storage.stream(key)
        except ObjectNotFound as error:
            raise _no_such_picture() from error
        except StorageUnavailable as error:
            raise Problem(503, "Storage is away", headers={"Retry-After": RETRY_AFTER_SECONDS}) from error
        headers["Content-Length"] = str(opened.size_bytes)
        if request.method == "HEAD":
            return Response(headers=headers, media_type=content_type_of(key))
        return StreamingResponse(opened.chunks, headers=headers, media_type=content_type_of(key))

    return router


def _no_such_picture() -> Problem:
    return Problem(404, "Not found", "There is no such picture.", headers={"Cache-Control": "no-store"})
