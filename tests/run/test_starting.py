"""A server that is still starting: asked until it answers, no longer than was said."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from databases import Database
from heroes import MODELS, add_revision
from project import Project
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import DatabaseError, Interrupted, Unreachable
from sqlmodel_migrations.events import Event, ServerAwaited
from sqlmodel_migrations.run.outcome import Outcome

on_servers = pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def one(project: Project, database: Database) -> Project:
    project.write({"models.py": MODELS})
    assert project.cli("init").code == 0
    create = "op.create_table('hero', sa.Column('id', sa.Integer, primary_key=True))"
    add_revision(project, "a1", None, "add heroes", upgrade=create)
    return project


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


def at(database: Database, port: int) -> URL:
    return make_url(database.url).set(host="127.0.0.1", port=port)


@contextmanager
def reached(database: Database, port: int) -> Iterator[threading.Event]:
    """Let the server of `database` be reached at `port`, from when the event is set."""
    url = make_url(database.url)
    ports = {"postgresql": 5432, "mariadb": 3306}
    target = (url.host or "127.0.0.1", url.port or ports[database.kind])
    is_ready, is_over = threading.Event(), threading.Event()
    sockets: list[socket.socket] = []

    def listen() -> None:
        is_ready.wait()
        server = socket.create_server(("127.0.0.1", port))
        server.settimeout(0.1)
        while not is_over.is_set():
            try:
                client, _ = server.accept()
            except TimeoutError:
                continue
            there = socket.create_connection(target)
            sockets.extend((client, there))
            for one, other in ((client, there), (there, client)):
                threading.Thread(target=forward, args=(one, other), daemon=True).start()
        server.close()

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield is_ready
    finally:
        is_over.set()
        is_ready.set()
        thread.join()
        for each in sockets:
            each.close()


def forward(source: socket.socket, target: socket.socket) -> None:
    try:
        while received := source.recv(65536):
            target.sendall(received)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@on_servers
def test_it_is_asked_until_it_answers(one: Project, database: Database) -> None:
    port = free_port()
    awaited: list[ServerAwaited] = []
    migrations = Migrations.find(url=at(database, port).render_as_string(hide_password=False))
    with reached(database, port) as is_ready:

        def tell(event: Event) -> None:
            if isinstance(event, ServerAwaited):
                awaited.append(event)
                is_ready.set()

        outcome = migrations.upgrade(wait=20, on_event=tell)
    assert outcome.after == ("a1",)
    assert "server cannot be reached" in awaited[0].reason
    assert awaited[0].timeout == 20


@on_servers
def test_an_engine_in_an_event_loop_waits_as_well(one: Project, database: Database) -> None:
    port = free_port()
    drivers = {"postgresql": "postgresql+asyncpg", "mariadb": "mysql+asyncmy"}
    url = at(database, port).set(drivername=drivers[database.kind])
    awaited: list[ServerAwaited] = []

    async def run(tell: Callable[[Event], None]) -> Outcome:
        engine = create_async_engine(url)
        try:
            return await Migrations.find().aupgrade(engine=engine, wait=20, on_event=tell)
        finally:
            await engine.dispose()

    with reached(database, port) as is_ready:

        def tell(event: Event) -> None:
            if isinstance(event, ServerAwaited):
                awaited.append(event)
                is_ready.set()

        assert asyncio.run(run(tell)).after == ("a1",)
    assert "server cannot be reached" in awaited[0].reason


@on_servers
def test_no_longer_than_was_said(one: Project, database: Database) -> None:
    ran = one.cli("upgrade", "--wait", "1s", "--url", str(at(database, free_port())))
    assert ran.code == 4
    assert re.search(r"waiting for the server, 0\.\d s of 1\.0 s: ", ran.stderr)
    assert "error: the " in ran.stderr
    assert "server cannot be reached" in ran.stderr


@on_postgresql
def test_what_waiting_does_not_help_is_said_at_once(one: Project, database: Database) -> None:
    url = make_url(database.url).set(database="there_is_none")
    started = time.monotonic()
    with pytest.raises(DatabaseError, match="does not exist") as raised:
        Migrations.find(url=str(url)).upgrade(wait=60)
    assert not isinstance(raised.value, Unreachable)
    assert time.monotonic() - started < 30


@on_postgresql
def test_a_stop_ends_the_waiting(one: Project, database: Database) -> None:
    migrations = Migrations.find(url=str(at(database, free_port())))
    with pytest.raises(Interrupted, match="nothing was run"):
        migrations.upgrade(wait=60, stop=lambda: True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_is_not_waited_for(one: Project, database: Database) -> None:
    outcome = Migrations.find(url=database.url).upgrade(wait=60)
    assert outcome.after == ("a1",)
