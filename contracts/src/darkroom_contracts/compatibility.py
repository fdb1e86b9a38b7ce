"""Which changes of an event's JSON Schema break a reader: an older one of new events, or a newer one of events in the log.

Pure: two schemas in, sentences out. The log is kept for ever and services are upgraded one after another, so both directions
count; what is not known to be harmless is a break. Harmless are a new property that may be absent, and words for people.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

WORDS = frozenset({"$schema", "$id", "$defs", "title", "description", "examples", "default", "deprecated"})
"""Keywords that no reader's acceptance depends on."""

STRUCTURE = frozenset({"type", "properties", "required", "items", "anyOf", "additionalProperties", "enum", "const"})
LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
DEPTH_MAX = 32
ROOT = "the event"


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Sentences, one for each change from `old` to `new` that breaks a reader; none when every reader can go on."""
    return list(_Comparison(old, new).compare(old, new, ROOT, 0))


def removed_events(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """Sentences for event types that stand in the log but have no schema any more."""
    return [f"{name} was removed, but the log still has it" for name in sorted(old.keys() - new.keys())]


class _Comparison:
    """Compares below two root schemas, whose `$defs` the references point into."""

    def __init__(self, old_root: Schema, new_root: Schema) -> None:
        self._old_root = old_root
        self._new_root = new_root

    def compare(self, old: Schema, new: Schema, path: str, depth: int) -> Iterator[str]:
        assert depth < DEPTH_MAX, f"{path}: schemas nest deeper than {DEPTH_MAX}"
        old, new = _resolve(old, self._old_root), _resolve(new, self._new_root)
        if _kind(old) != _kind(new):
            yield f"{path}: the type changed from {_kind(old)} to {_kind(new)}"
            return
        yield from self._properties(old, new, path, depth)
        yield from self._alternatives(old, new, path, depth)
        for keyword in ("items", "additionalProperties"):
            yield from self._inner(old, new, keyword, f"{path}[]" if keyword == "items" else f"{path}{{}}", depth)
        yield from _values(old, new, path)
        yield from _bounds(old, new, path)

    def _properties(self, old: Schema, new: Schema, path: str, depth: int) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            here = _below(path, name)
            if name not in after:
                yield f"{here}: the property was removed"
                continue
            if name in was_required - is_required:
                yield f"{here}: no longer required, so an older reader misses it"
            if name in is_required - was_required:
                yield f"{here}: newly required, which events in the log may lack"
            yield from self.compare(before[name], after[name], here, depth + 1)
        for name in after:
            if name not in before and name in is_required:
                yield f"{_below(path, name)}: newly required, which events in the log lack"

    def _alternatives(self, old: Schema, new: Schema, path: str, depth: int) -> Iterator[str]:
        before, after = self._by_kind(old, self._old_root), self._by_kind(new, self._new_root)
        for kind in before.keys() - after.keys():
            yield f"{path}: may no longer be {kind}"
        for kind in after.keys() - before.keys():
            yield f"{path}: may now be {kind}, which an older reader refuses"
        for kind in before.keys() & after.keys():
            if len(before[kind]) != len(after[kind]):
                yield f"{path}: the alternatives changed"
            for one, other in zip(before[kind], after[kind], strict=False):
                yield from self.compare(one, other, path, depth + 1)

    def _inner(self, old: Schema, new: Schema, keyword: str, path: str, depth: int) -> Iterator[str]:
        before, after = old.get(keyword), new.get(keyword)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self.compare(before, after, path, depth + 1)
        elif before != after:
            yield f"{path}: `{keyword}` changed from {_text(before)} to {_text(after)}"

    @staticmethod
    def _by_kind(schema: Schema, root: Schema) -> dict[str, list[Schema]]:
        found: dict[str, list[Schema]] = {}
        for alternative in schema.get("anyOf", ()):
            resolved = _resolve(alternative, root)
            found.setdefault(_kind(resolved), []).append(resolved)
        return found


def _resolve(schema: Schema, root: Schema) -> Schema:
    """Follow a `$ref` into the same document's `$defs`."""
    for _ in range(DEPTH_MAX):
        reference = schema.get("$ref")
        if reference is None:
            return schema
        prefix, _, name = reference.rpartition("/")
        assert prefix == "#/$defs", f"a reference that points elsewhere: {reference}"
        schema = root["$defs"][name]
    raise AssertionError(f"references in a circle: {schema}")


def _kind(schema: Schema) -> str:
    """What a value is, in a word or two: its JSON type and format."""
    if "anyOf" in schema:
        return "one of several"
    kind = schema.get("type", "anything")
    kind = kind if isinstance(kind, str) else " or ".join(sorted(kind))
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _values(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = _closed(old), _closed(new)
    if before is None or after is None:
        if before is not after:
            yield f"{path}: {'opened to any value' if after is None else 'closed to a list of values'}"
        return
    for value in sorted(before - after):
        yield f"{path}: the value {value} was removed, but events in the log may have it"
    for value in sorted(after - before):
        yield f"{path}: the value {value} was added, which an older reader refuses"


def _closed(schema: Schema) -> set[str] | None:
    """The values of a closed list as JSON text; None when any may stand there."""
    if "const" in schema:
        return {_text(schema["const"])}
    return {_text(value) for value in schema["enum"]} if "enum" in schema else None


def _bounds(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """Bounds and every other keyword that decides what is accepted: any difference breaks one direction."""
    for keyword in sorted((old.keys() | new.keys()) - WORDS - STRUCTURE - {"format"}):
        before, after = old.get(keyword), new.get(keyword)
        if before == after:
            continue
        if keyword in LOWER_BOUNDS | UPPER_BOUNDS:
            victim = "events in the log may be outside" if _tighter(keyword, before, after) else "an older reader is stricter"
            yield f"{path}: `{keyword}` changed from {_text(before)} to {_text(after)}; {victim}"
        else:
            yield f"{path}: `{keyword}` changed from {_text(before)} to {_text(after)}"


def _tighter(keyword: str, before: Any, after: Any) -> bool:  # JSON numbers, or None for no bound
    if before is None or after is None:
        return before is None
    return bool(after > before) if keyword in LOWER_BOUNDS else bool(after < before)


def _below(path: str, name: str) -> str:
    return name if path == ROOT else f"{path}.{name}"


def _text(value: Any) -> str:  # any JSON value
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
