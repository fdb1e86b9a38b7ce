"""Ports: chosen once, kept, moved when taken, the web port claimed while a stack starts."""

import socket
from contextlib import closing
from pathlib import Path

import pytest
from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.ports import CHOICE_FIRST, CHOICE_LAST, HOST, Ports, is_free
from support.ports import free_port


def test_a_port_is_kept_from_one_start_to_the_next(tmp_path: Path) -> None:
    first = Ports(tmp_path / "ports.json")
    port = first.of("redis", running=False)
    first.save()
    assert CHOICE_FIRST <= port <= CHOICE_LAST
    assert Ports(tmp_path / "ports.json").of("redis", running=False) == port


def test_names_never_share_a_port(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    chosen = {ports.of(f"part-{number}", running=False) for number in range(50)}
    assert len(chosen) == 50


def test_a_port_taken_by_another_program_is_chosen_anew_and_told(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    port = ports.of("redis", running=False)
    with socket.create_server((HOST, port)):
        assert not is_free(port)
        assert ports.of("redis", running=True) == port
        assert ports.of("redis", running=False) != port
    assert ports.moved == ["redis"]


def test_the_wanted_web_port_is_taken_or_refused_in_words(tmp_path: Path) -> None:
    port = free_port()
    with closing(Ports(tmp_path / "a.json")) as ports:
        assert ports.web(port, running=False) == port
    refused = pytest.raises(StackError, match=rf"port {port} \(DARKROOM_PORT\) is in use")
    with socket.create_server((HOST, port)), closing(Ports(tmp_path / "b.json")) as ports, refused:
        ports.web(port, running=False)


def test_two_stacks_that_start_at_once_do_not_get_the_same_web_port(tmp_path: Path) -> None:
    port = free_port()
    with closing(Ports(tmp_path / "a.json")) as first, closing(Ports(tmp_path / "b.json")) as second:
        assert first.web(port, running=False) == port
        # Nobody listens yet, and still the second may not have it.
        with pytest.raises(StackError):
            second.web(port, running=False)


def test_a_running_stack_does_not_move(tmp_path: Path) -> None:
    port = free_port()
    with closing(Ports(tmp_path / "a.json")) as ports:
        ports.web(port, running=False)
        with socket.create_server((HOST, port)):
            assert ports.web(None, running=True) == port
            with pytest.raises(StackError, match="darkroom down"):
                ports.web(free_port(), running=True)
