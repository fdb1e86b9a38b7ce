"""The AsyncAPI 3.0 document of all topics and events, from the same data that the code runs on. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from darkroom_contracts.envelope import CONTENT_TYPE, SPEC_VERSION
from darkroom_contracts.event import Event
from darkroom_contracts.topics import EVENT_TOPICS, KEEP_FOREVER, STATE_TOPICS, TOPICS, Topic

ASYNCAPI_VERSION = "3.0.0"
KAFKA_BINDING_VERSION = "0.5.0"
SCHEMA_FORMAT = "application/schema+json;version=2020-12"
TRACEPARENT = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
DEAD_LETTER = "DeadLetter"

Document = dict[str, Any]


def asyncapi_document(events: Sequence[type[Event]], examples: Mapping[type[Event], Event]) -> Document:
    """The document; schemas are referred to by their files beside it."""
    messages = {event.type_name(): _message(event, examples.get(event)) for event in events}
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "Darkroom events",
            "version": "1.0.0",
            "description": "Facts on Kafka, CloudEvents 1.0 in binary mode. One service writes each topic; any may read.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.name: _channel(topic, _names_on(topic, events)) for topic in TOPICS},
        "operations": {f"{topic.writer}.{topic.name}": _sends(topic, _names_on(topic, events)) for topic in TOPICS},
        "components": {"messages": messages | {DEAD_LETTER: _dead_letter()}},
    }


def _names_on(topic: Topic, events: Sequence[type[Event]]) -> list[str]:
    names = [event.type_name() for event in events if event.topic == topic.name]
    return names if topic in (*EVENT_TOPICS, *STATE_TOPICS) else [DEAD_LETTER, *names]


def _channel(topic: Topic, names: Sequence[str]) -> Document:
    retention = "kept for ever" if topic.retention_ms == KEEP_FOREVER else f"kept for {topic.retention_ms} ms"
    return {
        "address": topic.name,
        "description": f"{topic.purpose[:1].upper()}{topic.purpose[1:]}. Written by {topic.writer} alone; {retention}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "bindingVersion": KAFKA_BINDING_VERSION,
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [topic.cleanup_policy],
                    "retention.ms": topic.retention_ms,
                    "max.message.bytes": topic.max_message_bytes,
                },
            }
        },
    }


def _sends(topic: Topic, names: Sequence[str]) -> Document:
    return {
        "action": "send",
        "title": f"{topic.writer} writes {topic.name}",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in names],
    }


def _message(event: type[Event], example: Event | None) -> Document:
    name = event.type_name()
    return {
        "name": name,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": CONTENT_TYPE,
        "correlationId": {"description": "the job's number as text", "location": "$message.header#/ce_correlationid"},
        "headers": _headers(name, event.schema_path()),
        "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": {"$ref": f"./schemas/{name}.json"}},
        "bindings": {"kafka": _key("the tenant: `instance_id`")},
        "examples": [{"name": "typical", "payload": json.loads(example.to_json())}] if example else [],
    }


def _dead_letter() -> Document:
    where = (
        "dl-id",
        "dl-reason",
        "dl-detail",
        "dl-topic",
        "dl-partition",
        "dl-offset",
        "dl-attempts",
        "dl-value-bytes",
        "dl-value-sha256",
    )
    return {
        "name": "darkroom.DeadLetter.v1",
        "title": DEAD_LETTER,
        "summary": "A message that could not be handled: its first 65,536 bytes, its headers as `dl-header-…`, where and why.",
        "headers": _object({name: {"type": "string"} for name in ("ce_id", "ce_type", *where)}, required=where),
        "payload": {"description": "the first bytes of the message; the whole stands in the table of its service"},
        "bindings": {"kafka": _key("the key of the message as text, `_platform` if it had none")},
    }


def _key(description: str) -> Document:
    return {"bindingVersion": KAFKA_BINDING_VERSION, "key": {"type": "string", "description": description}}


def _headers(type_name: str, schema_path: str) -> Document:
    text = {"type": "string"}
    required: dict[str, Any] = {
        "ce_specversion": {"const": SPEC_VERSION},
        "ce_id": {"type": "string", "format": "uuid", "description": "UUIDv7; a repeated id is the same event"},
        "ce_type": {"const": type_name},
        "ce_source": {"type": "string", "format": "uri-reference", "description": "such as `/services/jobs-api`"},
        "ce_subject": text | {"description": "the thing it is about, such as `jobs/12/items/34`"},
        "ce_time": {"type": "string", "format": "date-time", "description": "UTC, milliseconds, `Z`"},
        "ce_dataschema": {"const": schema_path},
        "content-type": {"const": CONTENT_TYPE},
    }
    optional: dict[str, Any] = {
        "ce_correlationid": text | {"description": "the job's number as text; absent outside any job"},
        "ce_causationid": text | {"description": "the id of the event that led to it"},
        "ce_sequence": {"type": "string", "pattern": "^[0-9]+$", "description": "the order in the writer's outbox"},
        "traceparent": {"type": "string", "pattern": TRACEPARENT},
    }
    return _object(required | optional, required=tuple(required))


def _object(properties: Mapping[str, Any], *, required: Sequence[str]) -> Document:
    return {"type": "object", "required": list(required), "properties": dict(properties)}
