"""Ports of 127.0.0.1 for servers of tests, such that nobody else takes them before the server does."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


def free_port() -> int:
    """A port that nobody listens on, kept for its server for a minute.

    A port that was only bound and let go may be the next one that the kernel gives to another. This one has had a connection,
    which its own side closed, so the kernel holds it in TIME_WAIT: it gives it to nobody, and a server (which binds with
    SO_REUSEADDR) may have it all the same.
    """
    with socket.create_server((HOST, 0)) as listening:
        port = int(listening.getsockname()[1])
        with socket.create_connection((HOST, port)):
            accepted, _ = listening.accept()
            accepted.close()
    return port


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port where every connection is refused for as long as the context lasts: bound, so nobody else can listen there."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        yield int(bound.getsockname()[1])
