"""A proxy in front of a server, that counts what clients ask and makes one question the last.

A turn is what a client sends before it listens: a statement, a BEGIN, a COMMIT, a step of the
handshake. No protocol is taken apart, so it serves every driver and every server.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import URL, make_url

_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}

# Where a fault strikes: the turn has not reached the server; it has, and nobody waits for the
# answer; the server has answered, and the client never hears it.
PLACES = ("before", "sent", "after")


@dataclass(frozen=True)
class Fault:
    """What happens at one turn; `strike` gets the port by which the server knows the client."""

    turn: int
    place: str
    strike: Callable[[int], None]
    is_cut: bool = True
    """Whether the client's connection is closed there."""


class Proxy:
    """Leads to the server of a database for as long as the context is open.

    `url` goes through it; `turns` are those that clients had so far.
    """

    def __init__(self, url: str | URL, fault: Fault | None = None) -> None:
        there = make_url(url)
        self.turns = 0
        self._address = there.host or "127.0.0.1", there.port or _PORTS[there.get_backend_name()]
        self._fault = fault
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = there.set(host="127.0.0.1", port=self._listener.getsockname()[1])
        self._bell, self._rope = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)

    def __enter__(self) -> Proxy:
        for source in (self._listener, self._bell):
            self._selector.register(source, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rope.close()
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        with self._selector:
            while True:
                for key, _ in self._selector.select():
                    if key.fileobj is self._bell:
                        self._close_all()
                        return
                    if key.fileobj is self._listener:
                        self._accept()
                    else:
                        end: _End = key.data
                        self._pass_on(end)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(self._address)
        except OSError:
            client.close()
            return
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = _Pair(client, server)
        self._selector.register(client, selectors.EVENT_READ, _End(pair, is_client=True))
        self._selector.register(server, selectors.EVENT_READ, _End(pair, is_client=False))

    def _pass_on(self, end: _End) -> None:
        pair = end.pair
        if pair.is_closed:
            return
        source, sink = (pair.client, pair.server)[:: 1 if end.is_client else -1]
        try:
            data = source.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self._close(pair)
            return
        if end.is_client and not pair.is_asking:
            self.turns += 1
            pair.turn = self.turns
        answered = not end.is_client and pair.is_asking
        pair.is_asking = end.is_client
        if end.is_client and self._strikes(pair, "before"):
            return
        if answered and self._strikes(pair, "after"):
            return
        with contextlib.suppress(OSError):
            sink.sendall(data)
        if end.is_client:
            self._strikes(pair, "sent")

    def _strikes(self, pair: _Pair, place: str) -> bool:
        """Do what is to happen at this place; true where nothing may pass any more."""
        fault = self._fault
        if fault is None or (fault.turn, fault.place) != (pair.turn, place):
            return False
        self._fault = None
        fault.strike(pair.server.getsockname()[1])
        if fault.is_cut:
            self._close(pair)
        return fault.is_cut

    def _close(self, pair: _Pair) -> None:
        if not pair.is_closed:
            pair.is_closed = True
            for one in (pair.client, pair.server):
                self._selector.unregister(one)
                one.close()

    def _close_all(self) -> None:
        ends = [key.data for key in self._selector.get_map().values() if key.data]
        for end in ends:
            self._close(end.pair)
        self._listener.close()
        self._bell.close()


class _Pair:
    """A client's socket and the one to the server that stands for it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.is_asking = self.is_closed = False
        self.turn = 0


@dataclass(frozen=True)
class _End:
    pair: _Pair
    is_client: bool
