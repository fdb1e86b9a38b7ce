"""The five services and the sandbox as tasks: one Python process each, configured by environment only."""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from darkroom_cli.stack.home import cache_folder
from darkroom_cli.stack.plan import Probe, Task
from darkroom_cli.stack.ports import HOST
from darkroom_cli.stack.signing import DEVELOPMENT_KEYS

SANDBOX_TOKEN = "r8_sandbox_local_0001"  # noqa: S105 - accepted by the sandbox alone
STRIPE_WEBHOOK_SECRET = "DARKROOM_STRIPE_WEBHOOK_SECRET"  # noqa: S105 - the setting's name
SANDBOX_STRIPE_KEY = "sk_test_sandbox_local_0001"
# The sandbox' fixed key, by which its reports on e-mails are known; a test compares it with the sandbox' own.
SENDGRID_WEBHOOK_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/SAsBYMZ610wQoimBoY9lxunW9yeKDTKBvANH65A5yxfsa18sMC/ozJ8+3imc6c/upM10O1LyZkU4BXuc3ETcw=="
)
SANDBOX_SENDGRID_KEY = "SG.sandbox-local-0001"
SANDBOX_TWILIO_ACCOUNT = "AC" + "0" * 28 + "0001"
SANDBOX_TWILIO_TOKEN = "sandbox-local-0001"  # noqa: S105 - accepted by the sandbox alone
# What the sandbox plays, each behind a wire of its own.
SANDBOX_VENDORS = ("replicate", "stripe", "sendgrid", "twilio", "store")
SAMPLE_INSTANCES = "shop-a,shop-b,shop-c,demo"
STOP_SECONDS = 15.0
# Settings of the stack itself; every other DARKROOM_… of the environment is handed on to the services.
STACK_ONLY = re.compile(r"DARKROOM_(HOME|PORT|STACK_.*|SANDBOX_(TLS|WIRES|CA_FILE)|DATABASE_URL.*|HTTP_HOST|HTTP_PORT)$")
# Fewer malloc arenas keep a process with some threads small.
PYTHON_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """The outside world on localhost: its own address, the wire in front of each vendor, and with TLS its authority's file."""

    url: str
    ports: Mapping[str, int]
    ca_file: str | None = None

    @property
    def vendors(self) -> dict[str, str]:
        """Where each vendor is reached, without a path."""
        scheme = "http" if self.ca_file is None else "https"
        return {vendor: f"{scheme}://{HOST}:{port}" for vendor, port in self.ports.items()}

    def base_url(self, vendor: str) -> str:
        """The base address that a client of the vendor is given."""
        return f"{self.vendors[vendor]}/{vendor}"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What every service is told about the rest."""

    kafka: str
    redis: str
    databases: Mapping[str, str]
    storage: str
    web: str
    sandbox: Sandbox | None
    environ: Mapping[str, str]
    keys: Mapping[str, str] = field(default_factory=lambda: DEVELOPMENT_KEYS)

    def common(self) -> dict[str, str]:
        """The environment that all services share; what is set outside wins over the local defaults."""
        local = {
            "DARKROOM_PUBLIC_URL": self.web,
            "DARKROOM_MEDIA_URL": self.web,
            "DARKROOM_WS_ORIGINS": self.web.replace("127.0.0.1", "localhost"),  # how people type it
            **{name: key for name, key in self.keys.items() if name != STRIPE_WEBHOOK_SECRET},
            "DARKROOM_JWT_ISSUER": "darkroom",
            "DARKROOM_JWT_AUDIENCE": "darkroom",
            "DARKROOM_JWT_ALGORITHM": "HS256",
            "DARKROOM_REPLICATE_CAP_PER_MINUTE": "450",
        }
        if self.keys == DEVELOPMENT_KEYS:
            local["DARKROOM_SAMPLE_INSTANCES"] = SAMPLE_INSTANCES
        if self.sandbox is not None:
            local |= self._in_the_sandbox(self.sandbox)
        settings = {**local, **{name: value for name, value in self.environ.items() if _is_for_services(name)}}
        if self.sandbox is not None and "DARKROOM_FETCH_ALLOW" in self.environ:
            settings["DARKROOM_FETCH_ALLOW"] += "," + local["DARKROOM_FETCH_ALLOW"]
        settings["DARKROOM_KAFKA_BOOTSTRAP_SERVERS"] = self.kafka
        settings["DARKROOM_REDIS_URL"] = self.redis
        settings["DARKROOM_STORAGE_URL"] = self.storage
        return settings

    def _in_the_sandbox(self, sandbox: Sandbox) -> dict[str, str]:
        """Where the vendors are, and keys that the sandbox accepts."""
        local = {
            "DARKROOM_REPLICATE_API_TOKENS": f"replicate-1={SANDBOX_TOKEN}",
            "DARKROOM_REPLICATE_BASE_URL": sandbox.base_url("replicate"),
            "DARKROOM_STORE_BASE_URL": sandbox.base_url("store"),
            "DARKROOM_SANDBOX_URL": sandbox.url,
            # Photographs come from the store's public address, results from where Replicate is reached.
            "DARKROOM_FETCH_ALLOW": ",".join(urlsplit(url).netloc for url in (sandbox.url, sandbox.vendors["replicate"])),
        }
        if sandbox.ca_file is not None:
            local["SSL_CERT_FILE"] = sandbox.ca_file
        # A key from outside is for the real vendor, unless an address comes with it.
        if not self.environ.get("DARKROOM_STRIPE_API_KEY"):
            local |= {
                "DARKROOM_STRIPE_API_KEY": SANDBOX_STRIPE_KEY,
                "DARKROOM_STRIPE_BASE_URL": sandbox.base_url("stripe"),
                STRIPE_WEBHOOK_SECRET: self.keys[STRIPE_WEBHOOK_SECRET],
            }
        if not self.environ.get("DARKROOM_SENDGRID_API_KEY"):
            local |= {
                "DARKROOM_SENDGRID_API_KEY": SANDBOX_SENDGRID_KEY,
                "DARKROOM_SENDGRID_BASE_URL": sandbox.base_url("sendgrid"),
                "DARKROOM_SENDGRID_WEBHOOK_KEY": SENDGRID_WEBHOOK_KEY,
            }
        if not self.environ.get("DARKROOM_TWILIO_ACCOUNT_SID"):
            local |= {
                "DARKROOM_TWILIO_ACCOUNT_SID": SANDBOX_TWILIO_ACCOUNT,
                "DARKROOM_TWILIO_AUTH_TOKEN": SANDBOX_TWILIO_TOKEN,
                "DARKROOM_TWILIO_BASE_URL": sandbox.base_url("twilio"),
            }
        return local


def _is_for_services(name: str) -> bool:
    return name.startswith("DARKROOM_") and not STACK_ONLY.match(name)


def service_task(service: str, number: int, *, of: int, port: int, around: Surroundings, after: tuple[str, ...]) -> Task:
    """Replica `number` (from 1) of a service that runs `of` times."""
    package = f"darkroom_{service.replace('-', '_')}"
    return Task(
        key=replica_key(service, number),
        name=service if of == 1 else f"{service}-{number}",
        argv=(sys.executable, "-m", package),
        env={
            **python_environment(around.environ),
            **around.common(),
            "DARKROOM_HTTP_HOST": HOST,
            "DARKROOM_HTTP_PORT": str(port),
            "DARKROOM_DATABASE_URL": around.databases[service],
            "DARKROOM_REPLICA": replica_key(service, number),
        },
        probe=Probe(kind="http", host=HOST, port=port),
        after=after,
        stop_seconds=STOP_SECONDS,
    )


def python_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """For every Python process of the stack. Where bytecode may not be written beside the sources it goes to the user's cache:
    compiling anew at each start doubles the CPU that a start costs.
    """
    if not environ.get("PYTHONDONTWRITEBYTECODE"):
        return PYTHON_ENVIRONMENT
    return PYTHON_ENVIRONMENT | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(cache_folder(environ) / "bytecode")}


def replica_key(service: str, number: int) -> str:
    """The name that a replica keeps whatever the number of its siblings: port, log and process hang on it."""
    return service if number == 1 else f"{service}-{number}"


def sandbox_task(sandbox: Sandbox, *, home: str, web: str, environ: Mapping[str, str]) -> Task:
    """The outside world on localhost; `web` is where it sends the events of its Stripe to."""
    secrets = environ.get(STRIPE_WEBHOOK_SECRET) or DEVELOPMENT_KEYS[STRIPE_WEBHOOK_SECRET]
    port = urlsplit(sandbox.url).port
    assert port is not None, "its address is made here"
    tls = {} if sandbox.ca_file is None else {"DARKROOM_SANDBOX_TLS": "1", "DARKROOM_SANDBOX_CA_FILE": sandbox.ca_file}
    return Task(
        key="sandbox",
        name="sandbox",
        argv=(sys.executable, "-m", "darkroom_sandbox"),
        env={
            **python_environment(environ),
            "DARKROOM_SANDBOX_HOST": HOST,
            "DARKROOM_SANDBOX_PORT": str(port),
            "DARKROOM_SANDBOX_PUBLIC_URL": sandbox.url,
            "DARKROOM_SANDBOX_HOME": home,
            "DARKROOM_SANDBOX_PLATFORM_URL": environ.get("DARKROOM_PUBLIC_URL") or web,
            "DARKROOM_SANDBOX_WIRES": json.dumps(dict(sandbox.ports)),
            # Of several secrets it signs with the first; all are good at the platform.
            "DARKROOM_SANDBOX_STRIPE_WEBHOOK_SECRET": secrets.partition(",")[0].strip(),
            **tls,
        },
        probe=Probe(kind="http", host=HOST, port=port),
    )
