"""Logs are JSON lines with the ids in scope, and never carry a secret."""

import json
import logging

import pytest
import structlog
from darkroom_servicekit.logs import configure_logging, log_context


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(autouse=True)
def _restored_logging() -> object:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before
    structlog.reset_defaults()
    return None


def test_a_line_carries_service_and_the_ids_in_scope(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("credits", "INFO")
    with log_context(job_id=12, item_id=None):
        structlog.get_logger().info("held", amount=150)

    (line,) = lines(capsys)
    assert (line["event"], line["service"], line["job_id"], line["amount"]) == ("held", "credits", 12, 150)
    assert "item_id" not in line


@pytest.mark.parametrize(
    ("secret", "fields"),
    [
        ("s3cr3t", {"callback_token": "s3cr3t"}),
        ("s3cr3t", {"headers": "Authorization: Bearer s3cr3t"}),
        ("s3cr3t", {"url": "http://h/x?token=s3cr3t&a=1"}),
        ("s3cr3t", {"url": "https://h/x?a=1&X-Amz-Signature=s3cr3t"}),
        ("s3cr3t", {"url": "postgresql://darkroom:s3cr3t@host/db"}),
        ("s3cr3t", {"page": "/app?instance=s3cr3t"}),
    ],
)
def test_a_secret_never_reaches_the_line(capsys: pytest.CaptureFixture[str], secret: str, fields: dict[str, str]) -> None:
    configure_logging("credits", "INFO")
    structlog.get_logger().info("something", **fields)

    assert secret not in capsys.readouterr().out


def test_a_librarys_line_is_json_and_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("credits", "INFO")
    logging.getLogger("a.library").warning("connecting to %s", "redis://:s3cr3t@127.0.0.1")

    (line,) = lines(capsys)
    assert line["event"] == "connecting to redis://:…@127.0.0.1"


def test_an_address_without_a_password_is_left_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("credits", "INFO")
    structlog.get_logger().info("listening", url="http://127.0.0.1:8400/docs")

    (line,) = lines(capsys)
    assert line["url"] == "http://127.0.0.1:8400/docs"
