"""HTTP endpoints of the Files API: upload, list, get, delete, download by a signed address."""

import hashlib
import hmac
import json
import time
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from darkroom_sandbox.call_log import Call
from darkroom_sandbox.replicate.problems import InvalidField, Problem, invalid_input, not_found
from darkroom_sandbox.replicate.signature import secret_of
from darkroom_sandbox.replicate.uploaded_files import FILE_BYTES_MAX, UploadedFile, UploadedFiles

FILENAME_BYTES_MAX = 255
_MULTIPART_EXTRA_BYTES = 100_000


class FilesApi:
    """The endpoints; each takes the request and its call record."""

    def __init__(self, files: UploadedFiles, api_url: str) -> None:
        self._files = files
        self._url = f"{api_url}/files"

    async def upload(self, request: Request, call: Call) -> Response:
        """POST /v1/files, multipart: `content`, and `filename`, `type`, `metadata` where given."""
        if int(request.headers.get("content-length") or 0) > FILE_BYTES_MAX + _MULTIPART_EXTRA_BYTES:
            raise _too_large()
        async with request.form(max_files=1) as form:
            content = form.get("content")
            if not isinstance(content, UploadFile):
                raise invalid_input([InvalidField("required", "", "content is required")])
            name = str(form.get("filename") or content.filename or "file")
            if len(name.encode()) > FILENAME_BYTES_MAX:
                raise invalid_input([InvalidField("max_length", "filename", f"at most {FILENAME_BYTES_MAX} bytes")])
            body = await content.read()
            if len(body) >= FILE_BYTES_MAX:
                raise _too_large()
            file = self._files.add(
                body,
                account=call.account,
                name=name,
                content_type=str(form.get("type") or content.content_type or "application/octet-stream"),
                metadata=_metadata(str(form.get("metadata") or "{}")),
            )
        call.id = file.id
        return JSONResponse(file.to_dict(self._url), 201)

    async def list_all(self, request: Request, call: Call) -> Response:  # noqa: ARG002 (an endpoint's signature)
        """GET /v1/files"""
        results = [file.to_dict(self._url) for file in self._files.of_account(call.account)]
        return JSONResponse({"next": None, "previous": None, "results": results})

    async def get(self, request: Request, call: Call) -> Response:
        """GET /v1/files/{id}"""
        return JSONResponse(self._own(request, call).to_dict(self._url))

    async def delete(self, request: Request, call: Call) -> Response:
        """DELETE /v1/files/{id}"""
        self._files.remove(self._own(request, call).id)
        return Response(status_code=204)

    async def download(self, request: Request) -> Response:
        """GET /v1/files/{id}/download: the query `owner`, `expiry`, `signature` stands for the key."""
        file, query = self._files.get(request.path_params["id"]), request.query_params
        owner, expiry = query.get("owner", ""), query.get("expiry", "")
        expected = download_signature(file.id, owner, expiry) if file else ""
        in_time = expiry.isdigit() and int(expiry) > time.time()
        if file is None or file.account != owner or not hmac.compare_digest(query.get("signature", ""), expected):
            return not_found("File not found").response()
        return FileResponse(file.path, media_type=file.content_type) if in_time else not_found().response()

    def own_file(self, address: str) -> Path | None:
        """The path behind an address of ours, None when it is not of an uploaded file: so inputs can name files."""
        if not address.startswith(f"{self._url}/"):
            return None
        file = self._files.get(address.removeprefix(f"{self._url}/").partition("/")[0])
        return file.path if file else None

    def _own(self, request: Request, call: Call) -> UploadedFile:
        call.id = request.path_params["id"]
        file = self._files.get(call.id)
        if file is None or file.account != call.account:
            raise not_found("File not found")
        return file


def download_signature(file_id: str, owner: str, expiry: str) -> str:
    """Signature of a download address: HMAC-SHA256 by the owner's webhook secret (the vendor's own is not published)."""
    return hmac.new(secret_of(owner).encode(), f"{owner} {file_id} {expiry}".encode(), hashlib.sha256).hexdigest()


def _metadata(text: str) -> dict[str, object]:
    try:
        metadata = json.loads(text)
    except ValueError:
        metadata = None
    if not isinstance(metadata, dict):
        raise invalid_input([InvalidField("invalid_type", "metadata", "Invalid type. Expected: object")])
    return metadata


def _too_large() -> Problem:
    return Problem(413, "Files must be less than 100MB in size")
