"""What the `darkroom` command takes from the environment. Only this module reads it; the rest gets values."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from darkroom_servicekit.development import why_not_development

TREE = Path(__file__).resolve().parents[3]
ON, OFF = ("on", "1", "true"), ("off", "0", "false")
SERVICES = ("jobs-api", "credits", "predictor", "poller", "notifier")


class WrongSetting(ValueError):
    """A setting cannot be used; the text names it and says what it should look like."""


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """Where the stack lives and which parts are given from outside (`None`: started here)."""

    home: Path
    port: int | None
    kafka_bootstrap_servers: str | None
    database_url: str | None
    database_urls: Mapping[str, str]
    database_owner_urls: Mapping[str, str]
    redis_url: str | None
    redis_environment: Mapping[str, str]
    storage_url: str | None
    provider_tokens: str | None
    sandbox_tls: bool
    fsync: bool
    # Why the development keys are refused with these settings, in words; None where they are used.
    why_own_keys: str | None
    environ: Mapping[str, str]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "StackSettings":
        """The settings of this process; raises `WrongSetting`."""
        env = {name: value for name, value in (os.environ if environ is None else environ).items() if value != ""}
        return cls(
            home=Path(env.get("DARKROOM_HOME", TREE / ".darkroom")).absolute(),
            port=_port(env.get("DARKROOM_PORT")),
            kafka_bootstrap_servers=env.get("DARKROOM_KAFKA_BOOTSTRAP_SERVERS"),
            database_url=_url(env, "DARKROOM_DATABASE_URL", ("postgresql", "postgres")),
            database_urls=_of_services(env, "DARKROOM_DATABASE_URL_{}"),
            database_owner_urls=_of_services(env, "DARKROOM_DATABASE_URL_{}_OWNER"),
            redis_url=_url(env, "DARKROOM_REDIS_URL", ("redis", "rediss")),
            redis_environment=_environment(env, "DARKROOM_STACK_REDIS_ENVIRONMENT"),
            storage_url=_url(env, "DARKROOM_STORAGE_URL", ("file", "s3")),
            provider_tokens=env.get("DARKROOM_REPLICATE_API_TOKENS"),
            sandbox_tls=_on_off(env, "DARKROOM_SANDBOX_TLS", default=False),
            fsync=_on_off(env, "DARKROOM_STACK_FSYNC", default=True),
            why_own_keys=why_not_development(
                {name.removeprefix("DARKROOM_").lower(): value for name, value in env.items() if name.startswith("DARKROOM_")}
            ),
            environ=env,
        )


def _of_services(env: Mapping[str, str], name: str) -> dict[str, str]:
    names = {service: name.format(service.replace("-", "_").upper()) for service in SERVICES}
    return {service: env[name] for service, name in names.items() if name in env}


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise WrongSetting(f"DARKROOM_PORT is {text!r}; it must be a port number, 1 to 65535")
    return int(text)


def _url(env: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    value = env.get(name)
    if value is not None and urlsplit(value).scheme not in schemes:
        raise WrongSetting(f"{name} must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return value


def _environment(env: Mapping[str, str], name: str) -> dict[str, str]:
    try:
        found = json.loads(env.get(name, "{}"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise WrongSetting(f'{name} must be a JSON object of texts, such as {{"TZ": "UTC"}}')
    return found


def _on_off(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = env.get(name)
    if value is None:
        return default
    if value.lower() not in (*ON, *OFF):
        raise WrongSetting(f"{name} is {value!r}; it must be on or off")
    return value.lower() in ON
