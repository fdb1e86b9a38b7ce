"""Puts the parts together: from settings and wishes to a plan for the supervisor, with everything that must exist before.

A part whose address is given by the settings is not started. Nothing here starts a process that stays.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from darkroom_cli.settings import SERVICES, TREE, StackSettings
from darkroom_cli.stack import gateway, jars, kafka, postgres, redis
from darkroom_cli.stack.addresses import Addresses
from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.plan import Plan, Task
from darkroom_cli.stack.ports import HOST, Ports
from darkroom_cli.stack.services import (
    SANDBOX_VENDORS,
    Sandbox,
    Surroundings,
    python_environment,
    replica_key,
    sandbox_task,
    service_task,
)
from darkroom_cli.stack.signing import about_keys, keys_of_stack

GATEWAY_FOLDER = TREE / "deploy" / "gateway"
# The ledger's own service must not be able to edit it; an owner always could.
OWNED_BY_ANOTHER_ROLE = ("credits",)
PAGES_FOLDER = TREE / "web" / "dist"


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """A plan's tasks, the addresses, and what must be prepared first (by part, all at once)."""

    tasks: tuple[Task, ...]
    addresses: Addresses
    preparations: Mapping[str, Callable[[], None]]
    replicas: Mapping[str, int]
    own_keys: Mapping[str, Any] | None

    def plan(self, serial: int) -> Plan:
        about = {"addresses": self.addresses.document(), "replicas": dict(self.replicas), "ownKeys": self.own_keys}
        return Plan(serial=serial, tasks=self.tasks, about=about)


@dataclass(kw_only=True)
class Builder:
    """Collects tasks part by part; each method adds one part and returns its address."""

    settings: StackSettings
    home: Home
    ports: Ports
    wanted: frozenset[str]
    running: frozenset[str]
    tasks: list[Task] = field(default_factory=list)
    preparations: dict[str, Callable[[], None]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def port(self, name: str, process: str | None = None) -> int:
        return self.ports.of(name, running=(process or name) in self.running)

    def add_redis(self) -> str | None:
        if self.settings.redis_url is not None or "redis" not in self.wanted:
            return self.settings.redis_url
        part = redis.Redis(
            data=self.home.data / "redis",
            port=self.port("redis"),
            program=redis.program(),
            environment=self.settings.redis_environment,
        )
        self.preparations["redis"] = part.prepare
        self.tasks.append(part.task())
        return part.url

    def add_kafka(self) -> str | None:
        if self.settings.kafka_bootstrap_servers is not None or "kafka" not in self.wanted:
            return self.settings.kafka_bootstrap_servers
        part = kafka.Kafka(
            data=self.home.data / "kafka",
            port=self.port("kafka"),
            controller_port=self.port("kafka-controller", "kafka"),
            class_path=jars.class_path(self.settings.environ),
            java=kafka.java(),
        )
        self.preparations["kafka"] = part.prepare
        self.tasks.append(part.task())
        return part.address

    def add_postgres(self) -> tuple[str | None, dict[str, str]]:
        """The administrator's address and each service's own."""
        given = self.settings.database_urls
        self.owners.update(self.settings.database_owner_urls)
        if all(service in given for service in SERVICES):
            return None, dict(given)
        if self.settings.database_url is not None:
            admin = _with_database(self.settings.database_url, urlsplit(self.settings.database_url).path.strip("/") or "postgres")
            urls = {name: given.get(name) or _with_database(admin, database_name(name)) for name in SERVICES}
        elif "postgres" in self.wanted:
            part = self._own_postgres()
            admin = part.admin_url
            urls = {name: given.get(name) or self._own_database(name, part.port) for name in SERVICES}
            self.owners.update(
                {name: self._owner_of_database(name, part.port) for name in OWNED_BY_ANOTHER_ROLE if name not in given}
            )
        else:
            return None, {}
        new = {name: url for name, url in urls.items() if name not in given}
        made = {
            "admin": admin,
            "databases": list(new.values()),
            "owners": {url: self.owners[name] for name, url in new.items() if name in self.owners},
        }
        self._job(
            "databases", "darkroom_cli.stack.databases", after=("postgres",), env={"DARKROOM_STACK_DATABASES": json.dumps(made)}
        )
        return admin, urls

    def add_schemas(self, databases: Mapping[str, str]) -> None:
        """The migrations of the wanted services, in one process."""
        env = {f"DARKROOM_DATABASE_URL_{name.replace('-', '_').upper()}": databases[name] for name in SERVICES}
        env |= {f"DARKROOM_DATABASE_URL_{name.replace('-', '_').upper()}_OWNER": url for name, url in self.owners.items()}
        self._job("migrate", "darkroom_servicekit.migrate", *SERVICES, after=("postgres", "databases"), env=env)

    def add_topics(self, bootstrap: str) -> None:
        self._job("topics", "darkroom_cli.stack.topics", after=("kafka",), env={"DARKROOM_KAFKA_BOOTSTRAP_SERVERS": bootstrap})

    def add_sandbox(self, web: str, keys: Mapping[str, str]) -> Sandbox | None:
        if self.settings.provider_tokens is not None or "sandbox" not in self.wanted:
            return None
        part = Sandbox(
            url=f"http://{HOST}:{self.port('sandbox')}",
            ports={vendor: self.port(f"sandbox-{vendor}", "sandbox") for vendor in SANDBOX_VENDORS},
            ca_file=str(self.home.ca_file) if self.settings.sandbox_tls else None,
        )
        home = str(self.home.data / "sandbox")
        self.tasks.append(sandbox_task(part, home=home, web=web, environ={**self.settings.environ, **keys}))
        return part

    def add_service(self, name: str, replicas: int, around: Surroundings) -> list[int]:
        """The ports of the service's replicas, the first one's first."""
        keys = [replica_key(name, number) for number in range(1, replicas + 1)]
        ports = [self.port(key) for key in keys]
        after: tuple[str, ...] = ("postgres", "redis", "kafka", "databases", "migrate", "topics")
        if around.sandbox is not None and around.sandbox.ca_file is not None:
            after += ("sandbox",)  # which writes the file of its authority
        for number, port in enumerate(ports, start=1):
            self.tasks.append(service_task(name, number, of=replicas, port=port, around=around, after=after))
        return ports

    def front_gateway(self) -> gateway.Gateway:
        port = self.ports.web(self.settings.port, running="gateway" in self.running)
        return gateway.Gateway(
            folder=GATEWAY_FOLDER, site=PAGES_FOLDER, data=self.home.data / "gateway", port=port, program=gateway.program()
        )

    def _own_postgres(self) -> postgres.Postgres:
        part = postgres.Postgres(
            data=self.home.data / "postgres",
            port=self.port("postgres"),
            binaries=postgres.binaries(),
            password=self.home.password(postgres.SUPERUSER),
            fsync=self.settings.fsync,
        )
        self.preparations["postgres"] = part.prepare
        self.tasks.append(part.task())
        return part

    def _own_database(self, service: str, port: int) -> str:
        name = database_name(service)
        return f"postgresql://{name}:{self.home.password(name)}@{HOST}:{port}/{name}"

    def _owner_of_database(self, service: str, port: int) -> str:
        name = database_name(service)
        owner = f"{name}_owner"
        return f"postgresql://{owner}:{self.home.password(owner)}@{HOST}:{port}/{name}"

    def _job(self, name: str, module: str, *arguments: str, after: tuple[str, ...], env: Mapping[str, str] | None = None) -> None:
        argv = (sys.executable, "-m", module, *arguments)
        self.tasks.append(
            Task(
                key=name,
                name=name,
                argv=argv,
                env={**python_environment(self.settings.environ), **(env or {})},
                after=after,
                once=True,
            )
        )


def assemble(
    settings: StackSettings,
    home: Home,
    ports: Ports,
    *,
    wanted: frozenset[str],
    running: frozenset[str],
    replicas: Mapping[str, int],
) -> Assembly:
    """Everything wanted, in start order. Raises `StackError` when a wanted part lacks what it needs."""
    builder = Builder(settings=settings, home=home, ports=ports, wanted=wanted, running=running)
    admin, databases = builder.add_postgres()
    redis_url = builder.add_redis()
    kafka_address = builder.add_kafka()
    storage = settings.storage_url or f"file://{home.data / 'storage'}"
    services = [name for name in SERVICES if name in wanted]
    front = builder.front_gateway() if services or "gateway" in wanted else None
    keys = keys_of_stack(settings, home)
    sandbox = builder.add_sandbox(front.url if front else "", keys)
    upstreams: dict[str, list[int]] = {}
    if services and front is not None:
        if kafka_address is None or redis_url is None or not databases:
            raise StackError("services need postgres, redis and kafka: name them in --only too, or give their addresses")
        builder.add_schemas(databases)
        builder.add_topics(kafka_address)
        around = Surroundings(
            kafka=kafka_address,
            redis=redis_url,
            databases=databases,
            storage=storage,
            web=front.url,
            sandbox=sandbox,
            environ=settings.environ,
            keys=keys,
        )
        upstreams = {name: builder.add_service(name, replicas.get(name, 1), around) for name in services}
    if "gateway" in wanted and front is not None:
        builder.tasks.append(front.task(upstreams, after=()))
    addresses = Addresses(
        web=front.url if front is not None and "gateway" in wanted else None,
        services={name: f"http://{HOST}:{found[0]}" for name, found in upstreams.items()},
        sandbox=sandbox.url if sandbox else None,
        vendors=sandbox.vendors if sandbox else {},
        ca_file=sandbox.ca_file if sandbox else None,
        kafka=kafka_address,
        redis=redis_url,
        databases=databases,
        database_admin=admin,
        storage=storage,
    )
    return Assembly(
        tasks=tuple(builder.tasks),
        addresses=addresses,
        preparations=builder.preparations,
        replicas=replicas,
        own_keys=about_keys(settings),
    )


def database_name(service: str) -> str:
    return f"darkroom_{service.replace('-', '_')}"


def _with_database(url: str, database: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))
