"""OpenAPI for routes that read their body themselves: the schema with nothing referred to, and an example."""

from typing import Any

from pydantic import BaseModel


def json_body(model: type[BaseModel], example: dict[str, Any] | None = None) -> dict[str, Any]:
    """`openapi_extra` for a route whose body is `model`."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    content = {"schema": _resolved(schema, definitions)} | ({} if example is None else {"example": example})
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _resolved(part: Any, definitions: dict[str, Any]) -> Any:  # any piece of a JSON Schema
    match part:
        case {"$ref": str() as reference}:
            return _resolved(definitions[reference.rsplit("/", 1)[-1]], definitions)
        case dict():
            return {name: _resolved(value, definitions) for name, value in part.items()}
        case list():
            return [_resolved(value, definitions) for value in part]
        case _:
            return part
