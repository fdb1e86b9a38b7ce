"""The base of every event: a frozen fact in the past tense, camelCase on the wire.

A reader ignores fields it does not know, so that a writer may add some; taking one away or changing its meaning is a new version.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Fact(BaseModel):
    """A frozen value inside an event."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Event(Fact):
    """One thing that happened to one tenant.

    `instance_id` is also the Kafka key, so a tenant's events on one topic keep their order.
    """

    topic: ClassVar[str]
    version: ClassVar[int] = 1

    instance_id: str

    @classmethod
    def type_name(cls) -> str:
        """The CloudEvents type, such as `darkroom.JobRequested.v1`."""
        return f"darkroom.{cls.__name__}.v{cls.version}"

    @classmethod
    def schema_path(cls) -> str:
        """The CloudEvents dataschema: where the JSON Schema stands in the repository."""
        return f"/contracts/schemas/{cls.type_name()}.json"

    def subject(self) -> str:
        """The CloudEvents subject: the thing the event is about, such as `jobs/12/items/34`."""
        return f"instances/{self.instance_id}"

    def correlation_id(self) -> str | None:
        """The story the event belongs to: the job's number as text, or None outside any job."""
        return None

    def to_json(self) -> bytes:
        """The event's data as it stands on the wire."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema of the data, as committed under `contracts/schemas`."""
        return cls.model_json_schema(by_alias=True, mode="serialization")


class JobEvent(Event):
    """An event in the story of one job."""

    job_id: int

    def subject(self) -> str:
        return f"jobs/{self.job_id}"

    def correlation_id(self) -> str | None:
        return str(self.job_id)


class ItemEvent(JobEvent):
    """An event in the story of one item of a job.

    `image_id` is the caller's own name of the picture; it travels along so that no reader needs to look it up.
    """

    item_id: int
    image_id: str

    def subject(self) -> str:
        return f"jobs/{self.job_id}/items/{self.item_id}"
