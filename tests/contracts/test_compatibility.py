"""Which schema changes break a reader: one case for each kind, worked out by hand."""

import copy
from collections.abc import Callable
from typing import Any, Literal

import pytest
from darkroom_contracts.catalogue import EVENTS
from darkroom_contracts.compatibility import breaking_changes, removed_events
from pydantic import BaseModel, Field

Schema = dict[str, Any]


class Picture(BaseModel):
    key: str


class Sample(BaseModel):
    """An event with one property of every kind in use."""

    job_id: int
    status: Literal["DONE", "FAILED"]
    attempt: int = Field(ge=1, le=10)
    name: str = Field(min_length=1)
    note: str | None = None
    picture: Picture
    retries: tuple[float, ...] = (1.0,)
    options: dict[str, str] = Field(default_factory=dict)


OLD: Schema = Sample.model_json_schema()


def changed(edit: Callable[[Schema], object]) -> Schema:
    new = copy.deepcopy(OLD)
    edit(new)
    return new


def properties(schema: Schema) -> Schema:
    found: Schema = schema["properties"]
    return found


BREAKS: dict[str, tuple[Callable[[Schema], object], list[str]]] = {
    "removed property": (
        lambda new: properties(new).pop("note"),
        ["note: the property was removed"],
    ),
    "removed nested property": (
        lambda new: new["$defs"]["Picture"]["properties"].pop("key"),
        ["picture.key: the property was removed"],
    ),
    "old property newly required": (
        lambda new: new["required"].append("note"),
        ["note: newly required, which events in the log may lack"],
    ),
    "new required property": (
        lambda new: (properties(new).update(size={"type": "integer"}), new["required"].append("size")),
        ["size: newly required, which events in the log lack"],
    ),
    "no longer required": (
        lambda new: new["required"].remove("job_id"),
        ["job_id: no longer required, so an older reader misses it"],
    ),
    "changed type": (
        lambda new: properties(new).update(job_id={"type": "string"}),
        ["job_id: the type changed from integer to string"],
    ),
    "changed format": (
        lambda new: properties(new)["name"].update(format="date-time"),
        ["name: the type changed from string to string (date-time)"],
    ),
    "narrowed enum": (
        lambda new: properties(new)["status"].update(enum=["DONE"]),
        ['status: the value "FAILED" was removed, but events in the log may have it'],
    ),
    "widened enum": (
        lambda new: properties(new)["status"].update(enum=["DONE", "FAILED", "CANCELED"]),
        ['status: the value "CANCELED" was added, which an older reader refuses'],
    ),
    "enum opened": (
        lambda new: properties(new)["status"].pop("enum"),
        ["status: opened to any value"],
    ),
    "enum closed": (
        lambda new: properties(new)["name"].update(enum=["a"]),
        ["name: closed to a list of values"],
    ),
    "tightened lower bound": (
        lambda new: properties(new)["attempt"].update(minimum=2),
        ["attempt: `minimum` changed from 1 to 2; events in the log may be outside"],
    ),
    "loosened lower bound": (
        lambda new: properties(new)["attempt"].update(minimum=0),
        ["attempt: `minimum` changed from 1 to 0; an older reader is stricter"],
    ),
    "tightened upper bound": (
        lambda new: properties(new)["attempt"].update(maximum=5),
        ["attempt: `maximum` changed from 10 to 5; events in the log may be outside"],
    ),
    "bound removed": (
        lambda new: properties(new)["name"].pop("minLength"),
        ["name: `minLength` changed from 1 to null; an older reader is stricter"],
    ),
    "bound added": (
        lambda new: properties(new)["name"].update(maxLength=5),
        ["name: `maxLength` changed from null to 5; events in the log may be outside"],
    ),
    "pattern added": (
        lambda new: properties(new)["name"].update(pattern="^a"),
        ['name: `pattern` changed from null to "^a"'],
    ),
    "null no longer allowed": (
        lambda new: properties(new)["note"].update(anyOf=[{"type": "string"}]),
        ["note: may no longer be null"],
    ),
    "another type allowed": (
        lambda new: properties(new)["note"]["anyOf"].append({"type": "integer"}),
        ["note: may now be integer, which an older reader refuses"],
    ),
    "changed type of a list's entries": (
        lambda new: properties(new)["retries"]["items"].update(type="string"),
        ["retries[]: the type changed from number to string"],
    ),
    "changed type of a map's values": (
        lambda new: properties(new)["options"]["additionalProperties"].update(type="integer"),
        ["options{}: the type changed from string to integer"],
    ),
    "map closed": (
        lambda new: properties(new)["options"].update(additionalProperties=False),
        ['options{}: `additionalProperties` changed from {"type": "string"} to false'],
    ),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_a_break_is_told_in_a_sentence(kind: str) -> None:
    edit, sentences = BREAKS[kind]
    assert breaking_changes(OLD, changed(edit)) == sentences


@pytest.mark.parametrize(
    "edit",
    [
        lambda new: None,
        lambda new: properties(new).update(size={"type": "integer"}),
        lambda new: new.update(description="other words", title="Other"),
        lambda new: properties(new)["attempt"].update(description="of the item", examples=[1]),
        lambda new: new["$defs"].update(Size={"type": "object", "properties": {}}),
    ],
    ids=["nothing", "new optional property", "words", "words of a property", "a definition that nobody uses"],
)
def test_what_breaks_nobody_passes(edit: Callable[[Schema], object]) -> None:
    assert breaking_changes(OLD, changed(edit)) == []


def test_a_definition_under_another_name_is_the_same() -> None:
    def rename(new: Schema) -> None:
        new["$defs"] = {"Photo": new["$defs"]["Picture"]}
        properties(new)["picture"] = {"$ref": "#/$defs/Photo"}

    assert breaking_changes(OLD, changed(rename)) == []


def test_a_removed_event_type_is_a_break_and_a_new_one_is_not() -> None:
    assert removed_events({"a.v1": OLD, "b.v1": OLD}, {"b.v1": OLD, "b.v2": OLD}) == [
        "a.v1 was removed, but the log still has it"
    ]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type_name())
def test_every_event_is_compatible_with_itself(event: Any) -> None:  # a type[Event]
    assert breaking_changes(event.json_schema(), event.json_schema()) == []
