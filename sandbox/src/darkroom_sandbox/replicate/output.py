"""What a prediction made and the shapes its `output` can take (external API facts, Replicate "Prediction object")."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

OutputShape = Literal["address", "list", "dict", "data"]


@dataclass(frozen=True, slots=True)
class Output:
    """A picture: its address, the shape it is told in, and its content (None: it is somewhere else).

    `list_length`: how often it stands in a list, each time at an address of its own.
    """

    address: str
    shape: OutputShape
    media_type: str
    content: Path | bytes | None
    list_length: int = 1

    def read(self) -> bytes:
        """The picture that is kept here."""
        assert self.content is not None, "what is delivered here is kept here"
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()

    def as_json(self) -> object:
        """The value of `output`. A picture that is somewhere else is never inlined."""
        match self.shape:
            case "list":
                return [self.address, *(f"{self.address}?number={number}" for number in range(2, self.list_length + 1))]
            case "dict":
                return {"image": self.address}
            case "data" if self.content is not None:
                return f"data:{self.media_type};base64,{base64.b64encode(self.read()).decode()}"
            case _:
                return self.address
