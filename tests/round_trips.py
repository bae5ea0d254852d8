"""How often a client waits for its server: a proxy between them that counts."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator


class Counter:
    """Round trips so far: how often the client said something after the server had answered."""

    def __init__(self) -> None:
        self.count = 0


@contextlib.contextmanager
def counted(host: str, port: int) -> Iterator[tuple[int, Counter]]:
    """Yield the port of a proxy to a server, and what it has counted of all its connections."""
    counter = Counter()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, (host, port), counter))
        thread.start()
        try:
            yield listener.getsockname()[1], counter
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)


def _serve(listener: socket.socket, server: tuple[str, int], counter: Counter) -> None:
    """Pass on every connection, each in a thread, until the listener is shut down."""
    threads: list[threading.Thread] = []
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threads.append(threading.Thread(target=_connect, args=(client, server, counter)))
            threads[-1].start()
    for thread in threads:
        thread.join(timeout=10)


def _connect(client: socket.socket, server: tuple[str, int], counter: Counter) -> None:
    with client, socket.create_connection(server) as upstream:
        _pass_on(client, upstream, counter)


def _pass_on(client: socket.socket, upstream: socket.socket, counter: Counter) -> None:
    is_asked = False
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ, upstream)
        selector.register(upstream, selectors.EVENT_READ, client)
        while True:
            for key, _ in selector.select():
                source: socket.socket = key.fileobj  # type: ignore[assignment]
                data = source.recv(65536)
                if not data:
                    return
                counter.count += source is client and not is_asked
                is_asked = source is client
                key.data.sendall(data)
