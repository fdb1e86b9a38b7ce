"""`python -m darkroom_cli.settings_table [--check]`: docs/settings.md, every `DARKROOM_*` setting in one table, from the code."""

import importlib
import sys
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from darkroom_cli.settings import SERVICES, TREE

TARGET = TREE / "docs" / "settings.md"
HEAD = """# Settings

Every setting is an environment variable. Units stand in the name or the description; an empty value counts as not set.
This page is generated from the code (`make generate`) and compared in `make check`.

## The local stack (`darkroom up`)

| setting | default | meaning |
|---|---|---|
| `DARKROOM_HOME` | `.darkroom/` in the tree | data, logs and ports of one local stack; two homes run side by side |
| `DARKROOM_PORT` | 8400, else a free one | port of the web address |
| `DARKROOM_STACK_FSYNC` | `on` | `off` lets the local PostgreSQL forget on power loss: for tests |
| `DARKROOM_STACK_REDIS_ENVIRONMENT` | `{}` | environment of the local Redis, as JSON: for tests that move its clock |
| `DARKROOM_KAFKA_BOOTSTRAP_SERVERS`, `DARKROOM_DATABASE_URL`, `DARKROOM_REDIS_URL`, `DARKROOM_STORAGE_URL` | none | \
used instead of starting a part; the database address may be given per service (`DARKROOM_DATABASE_URL_JOBS_API`, …) |
| `DARKROOM_DATABASE_URL_CREDITS_OWNER` | none | with `DARKROOM_DATABASE_URL_CREDITS`: the same database by the role that owns \
it; this one runs the migrations, and the service's own role cannot edit the ledger |
| `DARKROOM_SANDBOX_TLS` | `off` | `on` (or `darkroom up --tls`): the services reach the sandbox by TLS; the certificate of its \
own authority is written to `ca.pem` in `DARKROOM_HOME` and handed to them as `SSL_CERT_FILE` |
| `DARKROOM_REPLICATE_API_TOKENS` | none | without it the sandbox is started and used |

What else is set is handed on to the services.

## The services

Settings of all services come first; a service's own follow under its name.
"""


@dataclass(frozen=True)
class Row:
    """One setting."""

    name: str
    default: str
    meaning: str

    def markdown(self) -> str:
        return f"| `{self.name}` | {self.default} | {self.meaning} |"


def rows(settings: type[BaseSettings], without: frozenset[str] = frozenset()) -> list[Row]:
    """The settings of a class, but for those whose names are in `without`."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    found = [Row(f"{prefix}{name}".upper(), _default(field), _meaning(field)) for name, field in settings.model_fields.items()]
    return [row for row in found if row.name not in without]


def document() -> str:
    """The whole page."""
    shared_class = _settings_class("darkroom_servicekit")
    shared = rows(shared_class)
    names = frozenset(row.name for row in shared)
    sections = [("All services", shared)]
    for service in SERVICES:
        own = rows(_settings_class(f"darkroom_{service.replace('-', '_')}"), names)
        sections.append((service, own))
    sections.append(("sandbox", rows(_settings_class("darkroom_sandbox"))))
    return HEAD + "".join(_section(title, found) for title, found in sections if found)


def _section(title: str, found: list[Row]) -> str:
    lines = "\n".join(row.markdown() for row in found)
    return f"\n### {title}\n\n| setting | default | meaning |\n|---|---|---|\n{lines}\n"


def _settings_class(package: str) -> type[BaseSettings]:
    """The one settings class that the package defines itself."""
    module = importlib.import_module(f"{package}.settings")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == module.__name__
    ]
    assert len(found) == 1, f"{package}.settings must define one settings class, not {found}"
    return found[0]


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    return "none" if value in (None, "", (), frozenset()) else f"`{value}`"


def _meaning(field: FieldInfo) -> str:
    return (field.description or "").replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` compare it; 1 when it differs."""
    text = document()
    if arguments != ["--check"]:
        TARGET.write_text(text)
        return 0
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    sys.stderr.write("docs/settings.md is not what the code says: run `make generate`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
