"""What a wire can be told to do with the bytes that pass over it (`PUT /sandbox/wire`)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Mode = Literal["pass", "silent", "cut", "delay"]
Direction = Literal["request", "answer"]
Ending = Literal["reset", "close"]


class WireOptions(BaseModel):
    """How a wire treats its connections, those that are open included. Bytes are counted below TLS, its handshake included."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )

    mode: Mode = Field(
        default="pass",
        description="`silent` holds bytes back and delivers them when the silence is over; `cut` ends the connection; "
        "`delay` delivers every byte `seconds` later",
    )
    direction: Direction = Field(
        default="answer", description="which bytes are counted, held back or delayed: the vendor's answer or the request"
    )
    after_bytes: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="`silent` and `cut`: so many bytes of each connection still pass, counted from this change",
    )
    seconds: float = Field(
        default=0, ge=0, le=86_400, description="`silent`: how long it lasts, 0: until it is changed; `delay`: how late bytes are"
    )
    cut_with: Ending = Field(default="reset", description="`cut`: with a TCP reset (RST) or an orderly close (FIN)")


class WireChange(WireOptions):
    """The body of `PUT /sandbox/wire`: the options replace those of the vendor's wire as a whole."""

    vendor: str = Field(description="the vendor whose wire is changed")
