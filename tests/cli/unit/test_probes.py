"""Readiness answers, byte by byte; the bytes are from the protocols' own documents, not from our code."""

import socket
import struct

import pytest
from darkroom_cli.stack import probes
from darkroom_cli.stack.plan import Probe
from darkroom_cli.stack.probes import ask_all, judge_http, judge_kafka, judge_postgres, judge_redis


def _metadata(*, brokers: int, controller: int, rack: bytes | None = None) -> bytes:
    """A Metadata response, version 1: correlation id, brokers (id, host, port, rack), controller id, topics."""
    host = b"127.0.0.1"
    rack_field = struct.pack("!h", -1) if rack is None else struct.pack("!h", len(rack)) + rack
    broker = struct.pack("!ih", 1, len(host)) + host + struct.pack("!i", 9092) + rack_field
    body = struct.pack("!ii", 1, brokers) + broker * brokers + struct.pack("!ii", controller, 0)
    return struct.pack("!i", len(body)) + body


@pytest.mark.parametrize(
    ("answer", "ready"),
    [
        (_metadata(brokers=1, controller=1), True),
        (_metadata(brokers=3, controller=2, rack=b"r1"), True),
        (_metadata(brokers=0, controller=-1), False),
        (_metadata(brokers=1, controller=-1), False),
        (_metadata(brokers=1, controller=1)[:-3], None),
        (b"\0\0", None),
        (struct.pack("!i", 8) + struct.pack("!ii", 1, 1), False),
    ],
)
def test_kafka_is_ready_when_a_broker_and_a_controller_are_named(answer: bytes, ready: bool | None) -> None:
    assert judge_kafka(answer) is ready


def test_http_is_ready_at_200_alone() -> None:
    assert judge_http(b"HTTP/1.1 200 OK\r\n") is True
    assert judge_http(b"HTTP/1.1 503 Service Unavailable\r\n") is False
    assert judge_http(b"HTTP/1.1 ") is None


def test_redis_that_loads_its_file_is_not_ready() -> None:
    assert judge_redis(b"+PONG\r\n") is True
    assert judge_redis(b"-LOADING Redis is loading the dataset in memory\r\n") is False
    assert judge_redis(b"-NOAUTH Authentication required.\r\n") is True
    assert judge_redis(b"+PO") is None


def test_postgres_is_ready_when_it_asks_for_the_password() -> None:
    assert judge_postgres(b"R\0\0\0\x17") is True
    assert judge_postgres(b"E\0\0\0\x4dSFATAL") is False
    assert judge_postgres(b"") is None


def test_nobody_there_and_nobody_answering_are_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        answers = ask_all({
            "silent": Probe(kind="redis", host="127.0.0.1", port=silent.getsockname()[1]),
            "nobody": Probe(kind="http", host="127.0.0.1", port=unused.getsockname()[1]),
        })  # fmt: skip
    assert answers == {"silent": False, "nobody": False}
