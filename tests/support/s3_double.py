"""The part of S3 that the object store uses, over real HTTP: keys in their order, pages and bulk deletes of at most 1,000.

Written after Amazon's reference of ListObjectsV2, DeleteObjects, PutObject, GetObject and HeadObject. It checks no signature.
"""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree as Xml
from xml.sax.saxutils import escape

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PAGE_KEYS_MAX = 1_000
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclass
class S3Object:
    """What is stored under a key, and when."""

    data: bytes
    stored_at: datetime

    def headers(self) -> dict[str, str]:
        etag = f'"{hashlib.md5(self.data, usedforsecurity=False).hexdigest()}"'
        return {"etag": etag, "last-modified": format_datetime(self.stored_at, usegmt=True)}


@dataclass
class S3Double:
    """One bucket. `listed_pages` and `bulk_deletes` count the requests of each kind."""

    address: str = ""
    objects: dict[str, S3Object] = field(default_factory=dict)
    listed_pages: int = 0
    bulk_deletes: int = 0

    async def bucket(self, request: Request) -> Response:
        if request.method == "POST" and "delete" in request.query_params:
            return self._delete_all(await request.body())
        return self._list(request.query_params.get("prefix", ""), request.query_params.get("continuation-token", ""))

    async def object(self, request: Request) -> Response:
        key = request.path_params["key"]
        if request.method == "PUT":
            self.objects[key] = S3Object(await request.body(), datetime.now(UTC))
            return Response(headers=self.objects[key].headers())
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return Response(status_code=204)
        if key not in self.objects:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404, media_type="application/xml")
        return Response(self.objects[key].data, headers=self.objects[key].headers())

    def _list(self, prefix: str, after: str) -> Response:
        self.listed_pages += 1
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        page = keys[:PAGE_KEYS_MAX]
        more = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if len(keys) > len(page) else ""
        entries = "".join(self._entry(key) for key in page)
        body = f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}{entries}"
        return _xml(f'<ListBucketResult xmlns="{NAMESPACE}">{body}</ListBucketResult>')

    def _entry(self, key: str) -> str:
        found = self.objects[key]
        stored_at = found.stored_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return (
            f"<Contents><Key>{escape(key)}</Key><LastModified>{stored_at}</LastModified><ETag>{escape(found.headers()['etag'])}</ETag>"
            f"<Size>{len(found.data)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )

    def _delete_all(self, body: bytes) -> Response:
        self.bulk_deletes += 1
        keys = [one.text or "" for one in Xml.fromstring(body).iter() if one.tag.endswith("Key")]
        if len(keys) > PAGE_KEYS_MAX:
            return Response("<Error><Code>MalformedXML</Code></Error>", 400, media_type="application/xml")
        for key in keys:
            self.objects.pop(key, None)
        deleted = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return _xml(f'<DeleteResult xmlns="{NAMESPACE}">{deleted}</DeleteResult>')


def _xml(content: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{content}', media_type="application/xml")


@asynccontextmanager
async def s3_double() -> AsyncIterator[S3Double]:
    """The double, serving on a port of its own; its bucket is `darkroom`."""
    double = S3Double()
    routes = [
        Route("/darkroom", double.bucket, methods=["GET", "POST"]),
        Route("/darkroom/{key:path}", double.object, methods=["GET", "PUT", "DELETE"]),
    ]
    listener = socket.create_server(("127.0.0.1", 0))
    double.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield double
    finally:
        server.should_exit = True
        await serving
        listener.close()
