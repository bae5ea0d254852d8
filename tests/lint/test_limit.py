"""The limit: a revision that does not come to an end."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from sqlmodel_migrations.lint.limit import TooLong, limited


def test_what_waits_is_interrupted() -> None:
    with pytest.raises(TooLong, match=r"within 0\.05 s"), limited(0.05):
        time.sleep(30)


def test_what_catches_errors_is_interrupted() -> None:
    def work() -> None:
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.001)

    with pytest.raises(TooLong), limited(0.05):
        work()


def test_what_ends_in_time_is_left_alone() -> None:
    with limited(0.05):
        pass
    time.sleep(0.06)


def test_another_thread() -> None:
    raised: list[BaseException] = []

    def work() -> None:
        try:
            with limited(0.05):
                while True:
                    time.sleep(0.001)
        except TooLong as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert [str(error) for error in raised] == ["it does not come to an end within 0.05 s"]
