"""The events of a run as an iterator: the run goes on in a thread, whoever reads it when."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextvars import copy_context
from queue import SimpleQueue
from typing import TypeVar

from sqlmodel_migrations.errors import Interrupted
from sqlmodel_migrations.events import Event
from sqlmodel_migrations.run.execution import Options

T = TypeVar("T")


def of(run: Callable[[Options], T], options: Options) -> Generator[Event, None, T]:
    """Yield the events of `run`, which is called with `options` when the first one is asked for.

    Its result is the generator's; what it raises is raised here, after the events before it.
    Closing the generator stops the run before its next statement, and waits for its end.
    """
    told: SimpleQueue[Event | None] = SimpleQueue()
    is_closed = threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(run(_told(options, told.put, is_closed)))
        except BaseException as error:
            errors.append(error)
        finally:
            told.put(None)

    thread = threading.Thread(target=copy_context().run, args=(work,), name="migrations")
    thread.start()
    try:
        while (event := told.get()) is not None:
            yield event
    except GeneratorExit:
        is_closed.set()
        thread.join()
        if errors and not isinstance(errors[0], Interrupted):
            raise errors[0] from None
        raise
    finally:
        is_closed.set()
        thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _told(options: Options, put: Callable[[Event], None], is_closed: threading.Event) -> Options:
    """What the run is told: the caller's own callbacks, and ours."""
    emit, stop = options.get("on_event"), options.get("stop")

    def on_event(event: Event) -> None:
        put(event)
        if emit is not None:
            emit(event)

    def is_stopped() -> bool:
        return is_closed.is_set() or (stop is not None and stop())

    def sleep(seconds: float) -> None:
        is_closed.wait(seconds)

    return {"sleep": sleep, **options, "on_event": on_event, "stop": is_stopped}
