"""The cache: whatever happened to files, folders and itself, the answer is that of reading."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlmodel_migrations.history import cache, folder, index
from sqlmodel_migrations.history.index import Index

from . import histories

TEXT = '"""message {id}"""\nrevision = {id!r}\ndown_revision = {down!r}\n'


@pytest.fixture(autouse=True)
def _python_writes_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Three revisions, in an order that is not that of their files."""
    found = tmp_path / "versions"
    found.mkdir()
    for id, down in (("bb", None), ("aa", "bb"), ("cc", "aa")):
        (found / f"{id}.py").write_text(TEXT.format(id=id, down=down))
    return found


@pytest.fixture(params=["fresh", "settled", "coarse"])
def age(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How long ago files were written: just now, or before; on a coarse file system, just now."""
    if request.param == "settled":
        let_files_settle(monkeypatch)
    if request.param == "coarse":
        fine = folder._stamp

        def coarse(entry: os.DirEntry[str]) -> folder.Stamp | None:
            found = fine(entry)
            return found and (found[0], found[1] // 2**41, found[2] // 2**41, 0)

        monkeypatch.setattr(folder, "_stamp", coarse)
        monkeypatch.setattr(cache, "_SETTLED", 2**62)
    return str(request.param)


def let_files_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a minute pass between what is written and what is read."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60 * 10**9)


def cold(versions: Path, tmp_path: Path, **options: bool) -> Index:
    """Read without any cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setattr(sys, "pycache_prefix", str(tmp_path / "nowhere"))
        return index.read([versions], **options)


def cached(versions: Path) -> cache.Entries:
    return cache.load(str(versions.resolve()))


def is_stamped(versions: Path) -> bool:
    return any(stamp for stamp, _, _ in cached(versions).values())


def rewrite(path: Path, text: str) -> None:
    """Write until the file system has noticed: a person needs longer than its clock."""
    before = path.stat().st_ctime_ns
    path.write_text(text)
    while path.stat().st_ctime_ns == before:
        path.write_text(text)


@pytest.mark.parametrize("seed", range(5))
def test_the_second_answer_is_the_first(seed: int, age: str, tmp_path: Path) -> None:
    chance = random.Random(seed)
    versions = histories.write(histories.draw(chance, 20), tmp_path)

    first = index.read([versions])
    assert len(cached(versions)) == 20
    assert is_stamped(versions) == (age == "settled")

    assert index.read([versions]) == first == cold(versions, tmp_path)


def test_a_file_whose_stamp_is_the_same_is_not_opened(
    versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_files_settle(monkeypatch)
    expected = index.read([versions])
    monkeypatch.setattr(Path, "read_bytes", None)
    assert index.read([versions]) == expected


def test_a_file_that_was_just_written_is_opened_until_it_is_old_enough(
    versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.read([versions])
    assert not is_stamped(versions)
    let_files_settle(monkeypatch)
    index.read([versions])
    assert is_stamped(versions)


EDITS: dict[str, Callable[[Path], object]] = {
    "another message": lambda p: rewrite(
        p / "aa.py", TEXT.format(id="aa", down="bb").replace("message", "what")
    ),
    "the same size": lambda p: rewrite(p / "aa.py", TEXT.format(id="ax", down="bb")),
    "added": lambda p: (p / "dd.py").write_text(TEXT.format(id="dd", down="cc")),
    "removed": lambda p: (p / "cc.py").unlink(),
    "renamed": lambda p: (p / "cc.py").rename(p / "00.py"),
    "two names exchanged": lambda p: exchange(p / "aa.py", p / "cc.py"),
    "broken": lambda p: rewrite(p / "aa.py", TEXT.format(id="aa", down="bb").replace("=", "!")),
    "computed": lambda p: rewrite(p / "aa.py", TEXT.format(id="aa", down="bb") + "revision *= 2"),
    "the time put back": lambda p: at_the_same_time(p / "aa.py", TEXT.format(id="ax", down="bb")),
    "replaced by another of the same time": lambda p: replace_at_the_same_time(p / "aa.py"),
    "a link": lambda p: become_a_link(p / "aa.py"),
}


def exchange(one: Path, other: Path) -> None:
    third = one.with_name("third")
    one.rename(third)
    other.rename(one)
    third.rename(other)


def at_the_same_time(path: Path, text: str) -> None:
    state = path.stat()
    rewrite(path, text)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def replace_at_the_same_time(path: Path) -> None:
    state = path.stat()
    other = path.with_name("other")
    other.write_text(TEXT.format(id="ax", down="bb"))
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(path)


def become_a_link(path: Path) -> None:
    target = path.parents[1] / "target.py"
    target.write_text(TEXT.format(id="ay", down="bb"))
    path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize("edit", EDITS)
def test_a_change_is_seen(edit: str, age: str, versions: Path, tmp_path: Path) -> None:
    before = index.read([versions])
    EDITS[edit](versions)

    found = index.read([versions])

    assert found != before
    assert found == cold(versions, tmp_path)
    assert index.read([versions]) == found


def test_a_link_is_followed_each_time(
    versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_files_settle(monkeypatch)
    become_a_link(versions / "aa.py")
    index.read([versions])
    rewrite(tmp_path / "target.py", TEXT.format(id="az", down="bb"))
    assert "az" in [revision.id for revision in index.read([versions]).revisions]


def test_ids_that_are_computed_are_computed_each_time(
    versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_files_settle(monkeypatch)
    (versions / "dd.py").write_text(
        "import os\nrevision = os.environ['ID']\ndown_revision = 'cc'\n"
    )
    for id in ("one", "two"):
        monkeypatch.setenv("ID", id)
        assert index.read([versions]).revisions[-1].id == id


def test_a_broken_file_is_told_each_time_and_forgotten_when_it_is_mended(
    versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_files_settle(monkeypatch)
    (versions / "dd.py").write_text("revision = (\n")
    assert [each.line for each in index.read([versions]).broken] == [1]
    assert [each.line for each in index.read([versions]).broken] == [1]
    rewrite(versions / "dd.py", TEXT.format(id="dd", down="cc"))
    assert index.read([versions]).broken == ()


def test_a_copied_tree_has_its_own_files(
    versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_files_settle(monkeypatch)
    index.read([versions])
    copied = shutil.copytree(versions, tmp_path / "copied")
    at_the_same_time(copied / "aa.py", TEXT.format(id="ax", down="bb"))

    found = index.read([copied])

    assert found == cold(copied, tmp_path)
    assert [each.path.parent for each in found.revisions] == [copied.resolve()] * 3
    assert [each.id for each in found.revisions] == ["ax", "bb", "cc"]


def test_equal_content_at_another_time_is_not_read_again(
    versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image of a container holds the files with other times than those of its build."""
    let_files_settle(monkeypatch)
    expected = index.read([versions])
    for path in versions.glob("*.py"):
        os.utime(path, (1, 1))
    monkeypatch.setitem(sys.modules, "sqlmodel_migrations.history.script", None)
    assert index.read([versions]) == expected


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut short": lambda data: data[:-7],
    "longer": lambda data: data + b"x",
    "a bit turned": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "another release": lambda data: data.replace(b"sqlmodel-migrations ", b"sqlmodel-migrations 9"),
    "something else": lambda data: b"\0" * 200,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_none(damage: str, versions: Path, tmp_path: Path) -> None:
    expected = index.read([versions])
    path = Path(cache.path(str(versions.resolve())))
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert cached(versions) == {}

    assert index.read([versions]) == expected
    assert len(cached(versions)) == 3


def test_a_cache_that_cannot_be_written_is_missing(versions: Path, tmp_path: Path) -> None:
    (versions / "__pycache__").write_text("a file is in its place")
    assert index.read([versions]) == index.read([versions]) == cold(versions, tmp_path)
    assert (versions / "__pycache__").read_text() == "a file is in its place"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_is_read_only_has_no_cache(versions: Path, tmp_path: Path) -> None:
    versions.chmod(0o500)
    assert index.read([versions]) == cold(versions, tmp_path)
    assert not (versions / "__pycache__").exists()
    versions.chmod(0o700)


def test_nothing_is_written_where_python_writes_nothing(
    versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    index.read([versions])
    assert not (versions / "__pycache__").exists()


def test_the_cache_is_where_python_keeps_bytecode(
    versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.util import cache_from_source

    for prefix in (None, str(tmp_path / "elsewhere")):
        monkeypatch.setattr(sys, "pycache_prefix", prefix)
        assert (
            Path(cache.path(str(versions))).parent
            == Path(cache_from_source(str(versions / "aa.py"))).parent
        )
        index.read([versions])
        assert len(cached(versions)) == 3


def test_the_cache_is_no_revision(versions: Path, tmp_path: Path) -> None:
    """The option `sourceless` lets Alembic look for revisions in `__pycache__`."""
    expected = index.read([versions], sourceless=True)
    assert list((versions / "__pycache__").glob("revisions.*.index"))
    assert index.read([versions], sourceless=True) == expected
    assert len(expected.revisions) == 3
    assert expected.broken == ()


def test_each_folder_has_its_cache(tmp_path: Path) -> None:
    for name in ("one", "one/2023", "two"):
        (tmp_path / name).mkdir()
        id = name.replace("/", "_")
        (tmp_path / name / f"{id}.py").write_text(TEXT.format(id=id, down=None))
    places = [tmp_path / "one", tmp_path / "two"]
    first = index.read(places, recursive=True)
    assert [revision.id for revision in first.revisions] == ["one", "one_2023", "two"]
    assert [len(cached(tmp_path / name)) for name in ("one", "one/2023", "two")] == [1, 1, 1]
    assert index.read(places, recursive=True) == first


WRITER = """
import sys, pathlib
from sqlmodel_migrations.history import cache, index
versions = pathlib.Path(sys.argv[1])
for _ in range(50):
    pathlib.Path(cache.path(str(versions))).unlink(missing_ok=True)
    print(len(index.read([versions]).revisions), len(cache.load(str(versions))) in (0, 20))
"""


def test_processes_that_write_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    versions = histories.write(histories.draw(random.Random(3), 20), tmp_path).resolve()
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(versions)],
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        for _ in range(3)
    ]
    assert [writer.communicate(timeout=60)[0] for writer in writers] == ["20 True\n" * 50] * 3
    assert [path.name for path in (versions / "__pycache__").iterdir()] == [
        Path(cache.path(str(versions))).name
    ]
