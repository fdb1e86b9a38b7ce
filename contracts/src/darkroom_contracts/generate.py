"""`python -m darkroom_contracts.generate [--check]`: JSON Schemas and AsyncAPI, written from the event models and committed.

`--check` changes nothing and fails when a file differs. Neither lets a change pass that breaks a reader: that is a new version.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from darkroom_contracts.asyncapi import asyncapi_document
from darkroom_contracts.catalogue import EVENTS
from darkroom_contracts.compatibility import breaking_changes, removed_events
from darkroom_contracts.event import Event
from darkroom_contracts.examples import EXAMPLES

CONTRACTS = Path(__file__).parents[2]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI_FILE = "asyncapi.json"
ADVICE = "A reader would break. Leave the event as it is and add a new version of it (contracts/README.md)."
FAILED = 1
WRONG_USE = 2

Schemas = Mapping[str, dict[str, Any]]


def main(arguments: Sequence[str], folder: Path = CONTRACTS, events: Sequence[type[Event]] = EVENTS) -> int:
    """Write or check what is generated for `events` below `folder`. 0 good, 1 a difference or a break, 2 wrong use."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write("usage: python -m darkroom_contracts.generate [--check]\n")
        return WRONG_USE
    schemas = {event.type_name(): _schema(event) for event in events}
    broken = find_breaks(read_schemas(folder), schemas)
    if broken:
        sys.stderr.write("\n".join([*broken, ADVICE]) + "\n")
        return FAILED
    wanted = {f"schemas/{name}.json": _text(schema) for name, schema in schemas.items()}
    wanted[ASYNCAPI_FILE] = _text(asyncapi_document(events, EXAMPLES))
    different = [name for name, text in wanted.items() if _read(folder / name) != text]
    if arguments:
        sys.stderr.writelines(f"contracts/{name} is not up to date: run `make generate`\n" for name in different)
        return FAILED if different else 0
    for name in different:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(wanted[name], encoding="utf-8")
        sys.stdout.write(f"written: contracts/{name}\n")
    return 0


def find_breaks(committed: Schemas, new: Schemas) -> list[str]:
    """Sentences for all that breaks a reader, each beginning with the event's type."""
    found = removed_events(committed, new)
    for name in sorted(committed.keys() & new.keys()):
        found += [f"{name}: {sentence}" for sentence in breaking_changes(committed[name], new[name])]
    return found


def read_schemas(folder: Path) -> dict[str, dict[str, Any]]:
    """The committed schemas by event type."""
    paths = sorted((folder / "schemas").glob("*.json"))
    return {path.name.removesuffix(".json"): json.loads(path.read_text(encoding="utf-8")) for path in paths}


def _schema(event: type[Event]) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": event.schema_path()} | event.json_schema()


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
