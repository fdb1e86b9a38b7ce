"""What the services are told: local defaults, settings from outside, and nothing that is the stack's own business."""

import json
from dataclasses import replace

from darkroom_cli.stack.services import (
    SANDBOX_TOKEN,
    SANDBOX_VENDORS,
    Sandbox,
    Surroundings,
    python_environment,
    sandbox_task,
    service_task,
)
from darkroom_servicekit.development import DEVELOPMENT_KEY

PORTS = {vendor: 11 + number for number, vendor in enumerate(SANDBOX_VENDORS)}
SANDBOX = Sandbox(url="http://127.0.0.1:9", ports=PORTS)


def _around(sandbox: Sandbox | None = SANDBOX, **environ: str) -> Surroundings:
    return Surroundings(
        kafka="127.0.0.1:1",
        redis="redis://127.0.0.1:2/0",
        databases={"credits": "postgresql://credits"},
        storage="file:///pictures",
        web="http://127.0.0.1:8400",
        sandbox=sandbox,
        environ=environ,
    )


def test_without_settings_everything_points_into_the_stack() -> None:
    common = _around().common()
    assert common["DARKROOM_PUBLIC_URL"] == "http://127.0.0.1:8400"
    assert common["DARKROOM_REPLICATE_API_TOKENS"] == f"replicate-1={SANDBOX_TOKEN}"
    assert common["DARKROOM_REPLICATE_BASE_URL"] == "http://127.0.0.1:11/replicate"
    assert common["DARKROOM_STRIPE_BASE_URL"] == "http://127.0.0.1:12/stripe"
    assert common["DARKROOM_SENDGRID_BASE_URL"] == "http://127.0.0.1:13/sendgrid"
    assert common["DARKROOM_TWILIO_BASE_URL"] == "http://127.0.0.1:14/twilio"
    assert common["DARKROOM_STORE_BASE_URL"] == "http://127.0.0.1:15/store"
    assert common["DARKROOM_SANDBOX_URL"] == "http://127.0.0.1:9"
    assert common["DARKROOM_FETCH_ALLOW"] == "127.0.0.1:9,127.0.0.1:11"
    assert "SSL_CERT_FILE" not in common
    assert common["DARKROOM_WIX_APP_SECRET"] == DEVELOPMENT_KEY


def test_settings_from_outside_win_and_unknown_ones_are_handed_on() -> None:
    common = _around(
        DARKROOM_REPLICATE_CAP_PER_MINUTE="90", DARKROOM_GEMINI_API_KEY="k", DARKROOM_FETCH_ALLOW="10.0.0.1:80"
    ).common()
    assert common["DARKROOM_REPLICATE_CAP_PER_MINUTE"] == "90"
    assert common["DARKROOM_GEMINI_API_KEY"] == "k"
    assert common["DARKROOM_FETCH_ALLOW"] == "10.0.0.1:80,127.0.0.1:9,127.0.0.1:11"


def test_over_tls_the_vendors_are_https_and_their_authority_is_trusted() -> None:
    secure = replace(SANDBOX, ca_file="/home/ca.pem")
    common = _around(secure, DARKROOM_SANDBOX_TLS="1").common()
    task = sandbox_task(secure, home="/data", web="http://127.0.0.1:8400", environ={})
    assert common["DARKROOM_REPLICATE_BASE_URL"] == "https://127.0.0.1:11/replicate"
    assert common["SSL_CERT_FILE"] == "/home/ca.pem"
    assert common["DARKROOM_SANDBOX_URL"] == "http://127.0.0.1:9", "its control and its pages are for browsers too"
    assert common["DARKROOM_FETCH_ALLOW"] == "127.0.0.1:9,127.0.0.1:11"
    assert "DARKROOM_SANDBOX_TLS" not in common
    assert task.env["DARKROOM_SANDBOX_TLS"] == "1"
    assert task.env["DARKROOM_SANDBOX_CA_FILE"] == "/home/ca.pem"
    assert json.loads(task.env["DARKROOM_SANDBOX_WIRES"]) == PORTS


def test_the_stacks_own_settings_reach_no_service() -> None:
    around = _around(
        DARKROOM_HOME="/x",
        DARKROOM_PORT="1",
        DARKROOM_STACK_FSYNC="off",
        DARKROOM_DATABASE_URL="postgresql://server",
        PATH="/bin",
    )
    task = service_task("credits", 1, of=1, port=7, around=around, after=())
    assert not {"DARKROOM_HOME", "DARKROOM_PORT", "DARKROOM_STACK_FSYNC", "PATH"} & set(task.env)
    assert task.env["DARKROOM_DATABASE_URL"] == "postgresql://credits"
    assert task.env["DARKROOM_HTTP_PORT"] == "7"


def test_with_real_tokens_nothing_points_to_a_sandbox() -> None:
    common = _around(None, DARKROOM_REPLICATE_API_TOKENS="r8_real").common()
    assert common["DARKROOM_REPLICATE_API_TOKENS"] == "r8_real"
    assert not {"DARKROOM_REPLICATE_BASE_URL", "DARKROOM_STORE_BASE_URL", "DARKROOM_FETCH_ALLOW"} & set(common)


def test_a_replica_keeps_its_key_when_siblings_come() -> None:
    alone = service_task("credits", 1, of=1, port=7, around=_around(), after=())
    first = service_task("credits", 1, of=2, port=7, around=_around(), after=())
    second = service_task("credits", 2, of=2, port=8, around=_around(), after=())
    assert (alone.key, first.key, second.key) == ("credits", "credits", "credits-2")
    assert (alone.name, first.name, second.name) == ("credits", "credits-1", "credits-2")


def test_bytecode_goes_to_the_cache_where_the_tree_may_not_be_written() -> None:
    environ = {"PYTHONDONTWRITEBYTECODE": "1", "XDG_CACHE_HOME": "/cache"}
    assert python_environment(environ)["PYTHONPYCACHEPREFIX"] == "/cache/darkroom/bytecode"
    assert "PYTHONPYCACHEPREFIX" not in python_environment({})
