"""A slow network between client and server: each answer is late, and round trips are counted."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import make_url


@dataclass
class Network:
    """What leads through it: `url` instead of the server's; `trips` so far."""

    url: str
    trips: int = 0


@contextlib.contextmanager
def between(url: str, delay: float) -> Iterator[Network]:
    """Yield a network whose round trips take `delay` seconds more than they would."""
    parts = make_url(url)
    assert parts.host
    assert parts.port
    with socket.create_server(("127.0.0.1", 0)) as listener:
        through = parts.set(port=listener.getsockname()[1])
        network = Network(through.render_as_string(hide_password=False))
        server = (parts.host, parts.port)
        threading.Thread(
            target=_serve, args=(listener, server, network, delay), daemon=True
        ).start()
        yield network


def _serve(
    listener: socket.socket, server: tuple[str, int], network: Network, delay: float
) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            upstream = socket.create_connection(server)
            for connection in (client, upstream):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked = threading.Event()
            threading.Thread(target=_ask, args=(client, upstream, asked), daemon=True).start()
            threading.Thread(
                target=_answer, args=(client, upstream, asked, network, delay), daemon=True
            ).start()


def _ask(client: socket.socket, upstream: socket.socket, asked: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := client.recv(65536):
            asked.set()
            upstream.sendall(data)
    with contextlib.suppress(OSError):
        upstream.shutdown(socket.SHUT_RDWR)


def _answer(
    client: socket.socket,
    upstream: socket.socket,
    asked: threading.Event,
    network: Network,
    delay: float,
) -> None:
    with contextlib.suppress(OSError):
        while data := upstream.recv(65536):
            if asked.is_set():
                asked.clear()
                network.trips += 1
                time.sleep(delay)
            client.sendall(data)
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
