"""A picture worker process: takes orders on stdin, answers on stdout, one at a time (framing: `worker_pool.py`).

The only door to the image libraries, which no other process loads. Ends when its stdin ends.
"""

import json
import os
import resource
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from darkroom_sandbox.pictures import nano_banana
from darkroom_sandbox.pictures.codec import UnreadablePicture
from darkroom_sandbox.pictures.convert import convert
from darkroom_sandbox.pictures.worker_pool import AS_IT_IS

MEMORY_BYTES_MAX = 2_000_000_000
NICENESS = 2
"""Picture work gives way to the services it shares the machine with."""

_LENGTHS = struct.Struct("!II")
_LENGTH = struct.Struct("!I")

Painter = Callable[[Mapping[str, Any], bytes], bytes]
PAINTERS: dict[str, Painter] = {"google/nano-banana": nano_banana.paint, AS_IT_IS: lambda _, picture: picture}


def main() -> None:
    """Serves orders until stdin ends."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    while lengths := orders.read(_LENGTHS.size):
        answer = json.dumps(_serve(orders, *_LENGTHS.unpack(lengths))).encode()
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _serve(orders: BinaryIO, order_length: int, picture_length: int) -> dict[str, str]:
    order = json.loads(orders.read(order_length))
    picture = orders.read(picture_length)
    try:
        painted = PAINTERS[order["model"]](order["input"], picture)
        if order["format"] is not None:
            painted = convert(painted, order["format"])
    except UnreadablePicture as error:
        return {"fault": str(error)}
    except Exception as error:  # a bug or no memory: one prediction fails, the worker goes on
        return {"broke": repr(error)}
    Path(order["target"]).write_bytes(painted)
    return {}


if __name__ == "__main__":
    main()
