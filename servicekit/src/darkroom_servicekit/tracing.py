"""OpenTelemetry through HTTP and Kafka: one trace from the request to the last event, joined by W3C `traceparent`."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()


def build_tracer(service: str, otlp_endpoint: str | None) -> tuple[Tracer, TracerProvider]:
    """A tracer whose spans go to `otlp_endpoint`, or nowhere: the ids travel all the same."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"darkroom-{service}"}))
    if otlp_endpoint:
        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider.get_tracer("darkroom"), provider


def current_traceparent() -> str | None:
    """The current span as a `traceparent` header."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def parent_context(traceparent: str | None) -> Context | None:
    """The remote span named by a `traceparent` header."""
    return _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None


@contextmanager
def span(tracer: Tracer, name: str, *, kind: SpanKind, traceparent: str | None = None) -> Iterator[Span]:
    """A current span, below the remote one of `traceparent` where there is one."""
    with tracer.start_as_current_span(name, context=parent_context(traceparent), kind=kind) as current:
        yield current


def traceparent_of(of: Span) -> str | None:
    """A given span as a `traceparent` header, whether it is current or not."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, context=trace.set_span_in_context(of))
    return carrier.get("traceparent")
