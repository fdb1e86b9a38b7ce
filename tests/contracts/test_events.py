"""The events as data: each has an example, a schema that takes it, and a topic with one writer."""

import json
from collections import Counter
from pathlib import Path

import pytest
from darkroom_contracts.asyncapi import asyncapi_document
from darkroom_contracts.catalogue import EVENTS
from darkroom_contracts.event import Event
from darkroom_contracts.examples import EXAMPLES, INSTANCE
from darkroom_contracts.generate import CONTRACTS
from darkroom_contracts.topics import EVENT_TOPICS, PLATFORM_KEY, SERVICES, TOPICS, dead_letter_topic
from jsonschema import Draft202012Validator, FormatChecker

each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type_name())


def committed_schema(event: type[Event]) -> Path:
    return CONTRACTS.parent / event.schema_path().lstrip("/")


@each_event
def test_the_example_is_valid_by_the_committed_schema(event: type[Event]) -> None:
    schema = json.loads(committed_schema(event).read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(json.loads(EXAMPLES[event].to_json()))


@each_event
def test_the_schema_refuses_an_event_without_its_tenant(event: type[Event]) -> None:
    data = json.loads(EXAMPLES[event].to_json())
    assert data.pop("instanceId") in {INSTANCE, PLATFORM_KEY}
    assert not Draft202012Validator(json.loads(committed_schema(event).read_text())).is_valid(data)


@each_event
def test_a_reader_ignores_a_field_it_does_not_know(event: type[Event]) -> None:
    data = json.loads(EXAMPLES[event].to_json()) | {"addedLater": {"by": "a newer writer"}}
    assert event.model_validate_json(json.dumps(data)) == EXAMPLES[event]


@each_event
def test_the_event_stands_on_a_topic_that_exists(event: type[Event]) -> None:
    assert event.topic in {topic.name for topic in TOPICS}


def test_type_names_are_unique() -> None:
    assert len({event.type_name() for event in EVENTS}) == len(EVENTS)


def test_topics_are_unique_and_have_one_known_writer_each() -> None:
    assert max(Counter(topic.name for topic in TOPICS).values()) == 1
    assert {topic.writer for topic in TOPICS} == set(SERVICES)
    assert max(Counter(topic.writer for topic in EVENT_TOPICS).values()) == 1


def test_every_service_has_a_dead_letter_topic() -> None:
    assert {dead_letter_topic(service) for service in SERVICES} <= {topic.name for topic in TOPICS}


def test_event_topics_keep_everything_under_the_tenants_key() -> None:
    assert {(topic.key, topic.cleanup_policy, topic.retention_ms) for topic in EVENT_TOPICS} == {("instance_id", "delete", -1)}


def test_asyncapi_names_every_topic_and_event_and_all_its_references_resolve() -> None:
    document = asyncapi_document(EVENTS, EXAMPLES)
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == {topic.name for topic in TOPICS}
    assert {event.type_name() for event in EVENTS} < set(document["components"]["messages"])
    for reference in _references(document):
        file, _, pointer = reference.partition("#")
        if file:
            assert (CONTRACTS / file).exists(), reference
            continue
        target = document
        for part in pointer.strip("/").split("/"):
            target = target[part]


def _references(value: object) -> list[str]:
    match value:
        case {"$ref": str(reference)}:
            return [reference]
        case dict():
            return [found for inner in value.values() for found in _references(inner)]
        case list():
            return [found for inner in value for found in _references(inner)]
    return []
