"""A tenant's latest frames in Redis, numbered without a hole: to be filed once, called out, and read again after a gap.

Offsets rise by one within an epoch. A new epoch begins where Redis forgot the tenant or may have less than it had (it was
restarted, or a replica was promoted), so that no reader takes new offsets for old ones. An event's frames are filed once within
an epoch, however often the event comes: its id is remembered for as many offsets as can be under way at once. A gap is closed
completely or not at all.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from darkroom_notifier.protocol import Position, frame_message
from darkroom_notifier.redis_keys import history_keys, live_channel

HEAD_SECONDS = 7 * 24 * 3600
"""Epoch and offset outlive the frames, so that a reader who missed nothing need not reload."""
EVENTS_REMEMBERED = 4096
"""More than the messages of one tenant that several replicas can have filed and not yet committed (500 a batch)."""

# `master_replid` names one history of Redis' data: it is drawn anew at each start of a primary and at each promotion, whichever
# process is promoted (Redis, "Replication"). `run_id` names a process, which may come back to office with another one's data.
BEGIN = """
local head, frames, events = KEYS[1], KEYS[2], KEYS[3]
local data = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or ''
if redis.call('HGET', head, 'data') ~= data then
  redis.call('DEL', head, frames, events)
  redis.call('HSET', head, 'epoch', ARGV[1], 'data', data)
end
"""

APPEND = (
    BEGIN
    + """
local channel, kept, frames_seconds, head_seconds, remembered = ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local before = tonumber(redis.call('HGET', head, 'offset') or '0')
local offset, fresh, bodies = before, true, {}
for i = 7, #ARGV, 2 do
  if ARGV[i] ~= '' then fresh = redis.call('ZADD', events, 'NX', offset, ARGV[i]) == 1 end
  if fresh then
    offset = offset + 1
    bodies[#bodies + 1] = ARGV[i + 1]
  end
end
if #bodies == 0 then return 0 end
redis.call('HSET', head, 'offset', string.format('%d', offset))
for i, body in ipairs(bodies) do
  redis.call('XADD', frames, 'MAXLEN', '~', kept, string.format('%d-0', before + i), 'b', body)
end
redis.call('ZREMRANGEBYSCORE', events, '-inf', offset - remembered)
redis.call('EXPIRE', head, head_seconds)
redis.call('EXPIRE', frames, frames_seconds)
redis.call('EXPIRE', events, frames_seconds)
local first = string.format('%d', before + 1)
redis.call('PUBLISH', channel, redis.call('HGET', head, 'epoch') .. '\\n' .. first .. '\\n' .. table.concat(bodies, '\\n'))
return #bodies
"""
)

HEAD = (
    BEGIN
    + """
redis.call('EXPIRE', head, ARGV[2])
return {redis.call('HGET', head, 'epoch'), redis.call('HGET', head, 'offset') or '0'}
"""
)


class HistoryUnavailable(ConnectionError):
    """Redis did not file the frames; a ConnectionError, so that the consumer waits and tries again."""


@dataclass(frozen=True)
class EventFrames:
    """The frames of one event, as bodies without offsets."""

    event_id: str
    bodies: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Frames of one tenant with consecutive offsets, ready to be sent."""

    epoch: str
    first: int
    messages: tuple[str, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.messages) - 1


@dataclass(frozen=True)
class Resumption:
    """Where a reader goes on: `missed` are the frames after `position`, up to the newest."""

    position: Position
    recovered: bool
    missed: Batch


class History:
    """All tenants' frames."""

    def __init__(self, redis: Redis, *, frames_kept: int, seconds_kept: int) -> None:
        self._redis = redis
        self._frames_kept = frames_kept
        self._seconds_kept = seconds_kept
        self._database = database_of(redis)
        self._append_sha = ""

    async def append(self, by_tenant: Mapping[str, Sequence[EventFrames]]) -> None:
        """File frames in the order given and call them out: one round trip. Raises HistoryUnavailable."""
        try:
            try:
                await self._try_append(by_tenant)
            except NoScriptError:  # Redis was restarted; what has been filed already is not filed again
                self._append_sha = ""
                await self._try_append(by_tenant)
        except RedisError as error:
            raise HistoryUnavailable(f"Redis: {error}") from error

    async def resume(self, tenant: str, wanted: Position | None) -> Resumption:
        """What a reader at `wanted` has missed, wholly or not at all. Subscribe before asking. Raises RedisError."""
        head = await self._head(tenant)
        nothing = Batch(head.epoch, head.offset + 1, ())
        if wanted is None or wanted.epoch != head.epoch or not 0 <= head.offset - wanted.offset <= self._frames_kept:
            return Resumption(head, False, nothing)
        if wanted.offset == head.offset:
            return Resumption(head, True, nothing)
        _, stream, _ = history_keys(tenant)
        reply: Any = await self._redis.xrange(stream, f"{wanted.offset + 1}-0", f"{head.offset}-0")  # typed for every decoding
        found: list[tuple[bytes, dict[bytes, bytes]]] = reply or []
        if len(found) != head.offset - wanted.offset:
            return Resumption(head, False, nothing)
        bodies = (fields[b"b"].decode() for _, fields in found)
        return Resumption(wanted, True, _batch(head.epoch, wanted.offset + 1, bodies))

    async def _head(self, tenant: str) -> Position:
        keys = history_keys(tenant)
        epoch, offset = await self._redis.eval(HEAD, len(keys), *keys, new_epoch(), HEAD_SECONDS)
        return Position(epoch.decode(), int(offset))

    async def _try_append(self, by_tenant: Mapping[str, Sequence[EventFrames]]) -> None:
        if not self._append_sha:
            self._append_sha = await self._redis.script_load(APPEND)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for tenant, events in by_tenant.items():
                keys = history_keys(tenant)
                channel = live_channel(self._database, tenant)
                bounds = (self._frames_kept, self._seconds_kept, HEAD_SECONDS, EVENTS_REMEMBERED)
                pipeline.evalsha(self._append_sha, len(keys), *keys, new_epoch(), channel, *bounds, *_arguments(events))
            await pipeline.execute()


def read_call(data: bytes) -> Batch:
    """A batch as APPEND calls it out."""
    epoch, first, *bodies = data.decode().split("\n")
    return _batch(epoch, int(first), bodies)


def new_epoch() -> str:
    """A name that no other epoch has."""
    return secrets.token_hex(8)


def database_of(redis: Redis) -> int:
    """The number of the Redis database that a client uses."""
    return int(redis.connection_pool.connection_kwargs.get("db") or 0)


def _batch(epoch: str, first: int, bodies: Iterable[str]) -> Batch:
    return Batch(epoch, first, tuple(frame_message(first + number, body) for number, body in enumerate(bodies)))


def _arguments(events: Sequence[EventFrames]) -> list[str]:
    """Pairs of event id and body; a further frame of the same event has an empty id."""
    arguments: list[str] = []
    for event in events:
        for number, body in enumerate(event.bodies):
            arguments += (event.event_id if number == 0 else "", body)
    return arguments
