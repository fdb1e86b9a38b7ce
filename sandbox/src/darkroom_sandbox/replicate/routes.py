"""Paths of the simulated Replicate, and its small endpoints (account, secret, model, delivery of outputs)."""

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from darkroom_sandbox.call_log import Call
from darkroom_sandbox.replicate.board import Board
from darkroom_sandbox.replicate.door import Door
from darkroom_sandbox.replicate.files_api import FilesApi
from darkroom_sandbox.replicate.lifecycle import Predictions
from darkroom_sandbox.replicate.models.registry import MODELS
from darkroom_sandbox.replicate.odd_downloads import odd_download, with_metadata
from darkroom_sandbox.replicate.options import CurrentOptions
from darkroom_sandbox.replicate.predictions_api import PredictionsApi
from darkroom_sandbox.replicate.problems import not_found
from darkroom_sandbox.replicate.signature import secret_of

_OUTPUT_CACHE = {"cache-control": "public, max-age=3600"}


def replicate_routes(
    *, door: Door, predictions_api: PredictionsApi, files_api: FilesApi, delivery: "OutputDelivery"
) -> list[BaseRoute]:
    """All routes, the busiest first."""
    predictions, files = "/replicate/v1/predictions", "/replicate/v1/files"
    model = "/replicate/v1/models/{owner}/{name}"
    return [
        Route(f"{model}/predictions", door.endpoint("create", predictions_api.create_by_model), methods=["POST"]),
        Route("/replicate/delivery/{id}/{name}", delivery.download, methods=["GET"]),
        Route(predictions, door.endpoint("create", predictions_api.create_by_version), methods=["POST"]),
        Route(predictions + "/{id}", door.endpoint("get", predictions_api.get), methods=["GET"]),
        Route(predictions, door.endpoint("list", predictions_api.list_page), methods=["GET"]),
        Route(predictions + "/{id}/cancel", door.endpoint("cancel", predictions_api.cancel), methods=["POST"]),
        Route("/replicate/v1/deployments/{owner}/{name}/predictions", door.endpoint("create", _no_such), methods=["POST"]),
        Route("/replicate/v1/webhooks/default/secret", door.endpoint("secret", _secret), methods=["GET"]),
        Route("/replicate/v1/account", door.endpoint("account", _account), methods=["GET"]),
        Route(model, door.endpoint("model", _model), methods=["GET"]),
        Route(files, door.endpoint("file", files_api.upload), methods=["POST"]),
        Route(files, door.endpoint("file", files_api.list_all), methods=["GET"]),
        Route(files + "/{id}", door.endpoint("file", files_api.get), methods=["GET"]),
        Route(files + "/{id}", door.endpoint("file", files_api.delete), methods=["DELETE"]),
        Route(files + "/{id}/download", files_api.download, methods=["GET"]),
        Route("/replicate/v1/{rest:path}", door.endpoint("unknown", _no_such)),
    ]


class OutputDelivery:
    """Serves outputs, as the vendor's delivery hosts do: without a key, for as long as they are kept."""

    def __init__(self, board: Board, predictions: Predictions, options: CurrentOptions) -> None:
        self._board = board
        self._options = options
        self._predictions = predictions

    async def download(self, request: Request) -> Response:
        """GET /replicate/delivery/{id}/{name}"""
        prediction = self._board.get(request.path_params["id"])
        if prediction is None or self._predictions.output_gone(prediction):
            return not_found().response()
        output = prediction.output
        if output is None or not output.address.endswith(f"/delivery/{prediction.id}/{request.path_params['name']}"):
            return not_found().response()
        options = self._options.now
        prediction.downloads += 1
        first = prediction.downloads == 1 and options.first_download != "good"
        if first or options.output_metadata != "none":
            kind = options.first_download if first else "good"
            content = with_metadata(output.read(), options.output_metadata)
            return odd_download(kind, content, media_type=output.media_type, to=output.address)
        if isinstance(output.content, bytes):
            return Response(output.content, headers=_OUTPUT_CACHE, media_type=output.media_type)
        assert output.content is not None, "what is delivered here is kept here"
        return FileResponse(output.content, headers=_OUTPUT_CACHE, media_type=output.media_type)


async def _no_such(request: Request, call: Call) -> Response:  # noqa: ARG001 (an endpoint's signature)
    raise not_found()


async def _secret(request: Request, call: Call) -> Response:  # noqa: ARG001 (an endpoint's signature)
    return JSONResponse({"key": secret_of(call.account)})


async def _account(request: Request, call: Call) -> Response:  # noqa: ARG001 (an endpoint's signature)
    return JSONResponse({"type": "organization", "username": call.account, "name": f"Sandbox account {call.account}"})


async def _model(request: Request, call: Call) -> Response:  # noqa: ARG001 (an endpoint's signature)
    model = MODELS.get(f"{request.path_params['owner']}/{request.path_params['name']}")
    if model is None:
        raise not_found()
    return JSONResponse(
        {
            "url": f"https://replicate.com/{model.ref}",
            "owner": model.owner,
            "name": model.name,
            "description": model.description,
            "visibility": "public",
            "github_url": None,
            "paper_url": None,
            "license_url": None,
            "run_count": 0,
            "cover_image_url": None,
            "default_example": None,
            "latest_version": None,
        }
    )
