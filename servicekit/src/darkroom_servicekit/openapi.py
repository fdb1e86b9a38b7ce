"""OpenAPI for routes that read their body themselves: the body's schema under its name, and an example."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

SCHEMAS = "#/components/schemas/"


def json_body(model: type[BaseModel], example: dict[str, Any] | None = None) -> dict[str, Any]:
    """`openapi_extra` for a route whose body is `model`."""
    schema = model.model_json_schema(by_alias=True, ref_template=SCHEMAS + "{model}")
    content = {"schema": schema} | ({} if example is None else {"example": example})
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


class DescribedApp(FastAPI):
    """An app whose document names the schemas of its bodies, as it names those of its answers, for generators of clients."""

    def openapi(self) -> dict[str, Any]:
        """The document; made once, as FastAPI does."""
        if self.openapi_schema is None:
            self.openapi_schema = with_named_bodies(super().openapi())
        return self.openapi_schema


def with_named_bodies(document: dict[str, Any]) -> dict[str, Any]:
    """Move the schema of every JSON body to the document's components, with those that it refers to. Pure."""
    schemas: dict[str, Any] = dict(document.get("components", {}).get("schemas", {}))
    paths = {
        path: {method: _with_named_body(operation, schemas) for method, operation in methods.items()}
        for path, methods in document["paths"].items()
    }
    return {**document, "paths": paths, "components": {**document.get("components", {}), "schemas": schemas}}


def _with_named_body(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None or "title" not in content["schema"]:
        return operation
    schema = {name: part for name, part in content["schema"].items() if name != "$defs"}
    for name, part in {**content["schema"].get("$defs", {}), schema["title"]: schema}.items():
        schemas.setdefault(name, part)
    named = {**content, "schema": {"$ref": SCHEMAS + schema["title"]}}
    return {**operation, "requestBody": {**operation["requestBody"], "content": {"application/json": named}}}
