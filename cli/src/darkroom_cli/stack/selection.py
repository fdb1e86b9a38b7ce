"""Which parts of the stack are wanted, and how often each service: what `up`'s options say, checked."""

from darkroom_cli.settings import SERVICES

PARTS = ("postgres", "redis", "kafka")
ALL = (*PARTS, "sandbox", *SERVICES, "gateway")
REPLICAS_MAX = 16


class WrongSelection(ValueError):
    """An option that names what does not exist; the text says what does."""


def parse_only(text: str | None) -> frozenset[str]:
    """`postgres,redis` → those names; everything when not given. Raises `WrongSelection`."""
    if text is None:
        return frozenset(ALL)
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if strange := sorted(names - set(ALL)) or ([] if names else [text]):
        raise WrongSelection(f"unknown part {', '.join(strange)!r}; there are: {', '.join(ALL)}")
    return names


def parse_replicas(text: str | None) -> dict[str, int]:
    """`predictor=3,credits=2` → numbers by service. Raises `WrongSelection`."""
    replicas: dict[str, int] = {}
    for pair in (text or "").split(","):
        if not pair.strip():
            continue
        service, _, number = pair.strip().partition("=")
        if service not in SERVICES:
            raise WrongSelection(f"unknown service {service!r}; there are: {', '.join(SERVICES)}")
        if not number.isdecimal() or not 1 <= int(number) <= REPLICAS_MAX:
            raise WrongSelection(f"{pair.strip()!r}: write NAME=NUMBER, the number from 1 to {REPLICAS_MAX}")
        replicas[service] = int(number)
    return replicas
