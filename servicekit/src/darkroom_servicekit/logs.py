"""Structured logs: one JSON object a line on standard output, with the ids that are in scope, and never a secret.

Ids are bound with `log_context(job_id=…)`; names that look like secrets and signed addresses are masked at the last moment.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from opentelemetry import trace

SECRET_NAME = re.compile(r"token|secret|password|authorization|signature|api_key|cookie", re.IGNORECASE)
SECRET_IN_TEXT = re.compile(
    r"(?i)(bearer\s+|[?&](?:token|signature|sig|x-amz-[a-z-]+|instance)=|://[^/\s:@]*:(?=[^/\s@]+@))[^\s&\"'@]+"
)
MASK = "…"

QUIET_LOGGERS = ("aiokafka", "uvicorn.access", "httpx", "httpcore", "asyncio")
SILENT_LOGGERS = ("darkroom.faststream", "aiokafka.consumer.group_coordinator")
"""Only their errors count: the one warns that it makes no topics, the other tells of every rebalance."""


def configure_logging(service: str, level: str) -> None:
    """Send this process's logs, the libraries' included, to standard output as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _add_service(service),
        _add_trace_ids,
        structlog.processors.format_exc_info,
        _mask_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in SILENT_LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def log_context(**ids: object) -> Iterator[None]:
    """Put these ids on every line logged inside."""
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in ids.items() if value is not None}):
        yield


def _add_service(service: str) -> Any:
    def add(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
        line["service"] = service
        return line

    return add


def _add_trace_ids(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        line["trace_id"] = trace.format_trace_id(context.trace_id)
        line["span_id"] = trace.format_span_id(context.span_id)
    return line


def _mask_secrets(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    for name, value in line.items():
        if SECRET_NAME.search(name):
            line[name] = MASK
        elif isinstance(value, str):
            line[name] = SECRET_IN_TEXT.sub(rf"\1{MASK}", value)
    return line
