"""OpenAPI for routes that read their body themselves: the body's schema under its name, and an example."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from darkroom_servicekit.problems import PROBLEM_TYPE, ProblemBody

SCHEMAS = "#/components/schemas/"
REFUSALS = {
    "400": "Invalid input; `errors` names each field with its rule",
    "413": "The body is too large",
    "415": "The body is not JSON",
}


def json_body(model: type[BaseModel], example: dict[str, Any] | None = None) -> dict[str, Any]:
    """`openapi_extra` for a route whose body is `model`."""
    content = {"schema": _schema(model)} | ({} if example is None else {"example": example})
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
    title = _named(content["schema"], schemas)
    named = {**content, "schema": {"$ref": SCHEMAS + title}}
    body = {**operation["requestBody"], "content": {"application/json": named}}
    _named(_schema(ProblemBody), schemas)
    return {**operation, "requestBody": body, "responses": {**_refusals(), **operation["responses"]}}


def _refusals() -> dict[str, Any]:
    """What every route with a body may answer, whatever its rules."""
    problem = {PROBLEM_TYPE: {"schema": {"$ref": SCHEMAS + ProblemBody.__name__}}}
    return {status: {"description": description, "content": problem} for status, description in REFUSALS.items()}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True, ref_template=SCHEMAS + "{model}")


def _named(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """Add a schema and those that it refers to, each under its name; the schema's own name."""
    own = {name: part for name, part in schema.items() if name != "$defs"}
    for name, part in {**schema.get("$defs", {}), own["title"]: own}.items():
        schemas.setdefault(name, part)
    return str(own["title"])
