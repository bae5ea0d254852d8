"""A stand-in for PgBouncer: clients of PostgreSQL that share its sessions.

In transaction mode a client is lent a session until the server says that no transaction is open,
in session mode until it goes. Sessions are kept per database, the last one given back first. Of
the protocol only the frames are known (postgresql.org/docs/current/protocol-message-formats.html).
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import defaultdict

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
FAKE_KEY = b"K" + struct.pack("!iii", 12, 4242, 4242)
READY = b"Z" + struct.pack("!ic", 5, b"I")


class Pooler:
    """Listens on `port` of 127.0.0.1 while the context is open; `size` sessions a database."""

    def __init__(self, host: str, port: int, *, mode: str, size: int) -> None:
        self._address, self._mode = (host, port), mode
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._idle: dict[bytes, list[socket.socket]] = defaultdict(list)
        self._free: dict[bytes, threading.Semaphore] = defaultdict(
            lambda: threading.Semaphore(size)
        )
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Pooler:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=10)
        for session in (one for idle in self._idle.values() for one in idle):
            session.close()

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, EOFError):
            start = _startup(client)
            if start is None:
                return
            session, said = self._lent(start)
            client.sendall(said or b"R" + struct.pack("!ii", 8, 0))
            client.sendall(FAKE_KEY + READY)
            self._converse(client, start, session)

    def _converse(self, client: socket.socket, start: bytes, session: socket.socket | None) -> None:
        """Pass messages on; `session` is the one the client was greeted with."""
        if self._mode == "transaction":
            self._give_back(start, session)
            session = None
        try:
            while (message := _message(client))[:1] != b"X":
                if session is None:
                    session, _ = self._lent(start)
                session.sendall(message)
                if message[:1] in (b"Q", b"S", b"F") and self._answer(session, client):
                    self._give_back(start, session)
                    session = None
        finally:
            if session is not None:
                session.close()
                self._free[start].release()

    def _answer(self, session: socket.socket, client: socket.socket) -> bool:
        """Pass an answer on to its end; true where the session is not the client's any more."""
        while True:
            message = _message(session)
            client.sendall(message)
            if message[:1] == b"Z":
                return self._mode == "transaction" and message[5:] == b"I"

    def _lent(self, start: bytes) -> tuple[socket.socket, bytes]:
        """Return a session, and what the server said when it was made, if that is now."""
        self._free[start].acquire()
        if self._idle[start]:
            return self._idle[start].pop(), b""
        session = socket.create_connection(self._address)
        session.sendall(struct.pack("!i", len(start) + 4) + start)
        said = b""
        while (message := _message(session))[:1] != b"Z":
            said += b"" if message[:1] == b"K" else message
        return session, said

    def _give_back(self, start: bytes, session: socket.socket | None) -> None:
        assert session is not None
        self._idle[start].append(session)
        self._free[start].release()


def _startup(client: socket.socket) -> bytes | None:
    """Return the start-up message without its length; no encryption, and nothing is cancelled."""
    while True:
        (length,) = struct.unpack("!i", _exactly(client, 4))
        message = _exactly(client, length - 4)
        (code,) = struct.unpack("!i", message[:4])
        if code == CANCEL_REQUEST:
            return None
        if code not in (SSL_REQUEST, GSS_REQUEST):
            return message
        client.sendall(b"N")


def _message(source: socket.socket) -> bytes:
    head = _exactly(source, 5)
    (length,) = struct.unpack("!i", head[1:])
    return head + _exactly(source, length - 4)


def _exactly(source: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        part = source.recv(length - len(found))
        if not part:
            raise EOFError
        found += part
    return found
