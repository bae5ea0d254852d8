"""Which files count, and what becomes of the ones that are broken."""

from __future__ import annotations

import py_compile
import sys
import warnings
from pathlib import Path

import pytest
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from sqlmodel_migrations.history import index
from sqlmodel_migrations.history.index import BrokenFile, Revision

PLAIN = '"""Say hello\nto all\n\nRevision ID: {0}\n"""\nrevision = {0!r}\ndown_revision = None\n'


def _write(path: Path, text: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PLAIN.format(path.stem) if text is None else text, encoding="utf-8")
    return path


def _compiled(source: Path, target: Path) -> None:
    """Leave the bytecode of `source` at `target`, and no source."""
    target.parent.mkdir(parents=True, exist_ok=True)
    py_compile.compile(str(source), cfile=str(target), doraise=True)
    source.unlink()


def _by_alembic(folder: Path, locations: list[Path], **options: bool) -> list[Path]:
    """List the files that Alembic loads."""
    directory = ScriptDirectory(str(folder), version_locations=locations, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "loaded twice! ignoring"
        scripts: list[Script] = list(directory._load_revisions())
    return [Path(script.path) for script in scripts]


@pytest.fixture
def crowded(tmp_path: Path) -> list[Path]:
    """Two locations with all kinds of files, one of them reached twice; a third is missing."""
    first, second = tmp_path / "first", tmp_path / "second"
    for name in ("b", "a", ".hidden", "c.d", "__init__", "__init__more", ".#lock", "__main__"):
        _write(first / f"{name}.py")
    for name in ("README", "a.txt", "a.py.bak", "e.PY"):
        _write(first / name, "not Python")
    for name in ("2023/z", "2023/y", "2022/x", "__pycache__/cached", "pkg/__init__"):
        _write(first / f"{name}.py")
    _compiled(_write(first / "old.py"), first / "old.pyc")
    cached = first / "__pycache__" / f"gone.{sys.implementation.cache_tag}.pyc"
    _compiled(_write(first / "gone.py"), cached)
    present = first / "__pycache__" / f"a.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(str(first / "a.py"), cfile=str(present), doraise=True)
    both = first / "b.pyc"
    py_compile.compile(str(first / "b.py"), cfile=str(both), doraise=True)
    _write(second / "s.py")
    return [first, second, first, tmp_path / "missing"]


@pytest.mark.parametrize("recursive", [False, True])
@pytest.mark.parametrize("sourceless", [False, True])
def test_the_files_that_alembic_loads(
    crowded: list[Path], tmp_path: Path, recursive: bool, sourceless: bool
) -> None:
    theirs = _by_alembic(
        tmp_path, crowded, recursive_version_locations=recursive, sourceless=sourceless
    )
    found = index.read(crowded, recursive=recursive, sourceless=sourceless)
    ours = [revision.path for revision in found.revisions]
    # Alembic lists a cache folder in no order.
    assert (sorted(ours) == sorted(theirs)) if sourceless else (ours == theirs)
    assert found.broken == ()
    assert len(theirs) > 5


def test_a_link_to_a_file_that_was_read_is_not_read_again(tmp_path: Path) -> None:
    real = _write(tmp_path / "versions" / "b.py")
    try:
        (tmp_path / "versions" / "a.py").symlink_to(real)
    except OSError:
        pytest.skip("this system allows no symbolic links here")
    found = index.read([tmp_path / "versions"])
    assert [revision.path for revision in found.revisions] == [real.resolve()]
    assert _by_alembic(tmp_path, [tmp_path / "versions"]) == [real.resolve()]


def test_a_revision_says_what_its_file_says(tmp_path: Path) -> None:
    text = (
        '"""Join\n\nboth\n"""\nrevision = "c"\ndown_revision = ("a", "b")\n'
        'branch_labels = "main"\ndepends_on = ["d"]\n'
    )
    path = _write(tmp_path / "c.py", text)
    (revision,) = index.read([tmp_path]).revisions
    expected = Revision("c", ("a", "b"), ("d",), ("main",), "Join\n\nboth", str(path.resolve()))
    assert revision == expected
    assert (revision.message, revision.is_merge) == ("Join", True)
    assert revision.path == path.resolve()


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("None", ()),
        ("()", ()),
        ("[]", ()),
        ("(None,)", ()),
        ("'a'", ("a",)),
        ("('a',)", ("a",)),
        ("['b', 'a']", ("b", "a")),
        ("{'b', 'a'}", ("a", "b")),
        ("frozenset(['a'])", ("a",)),
    ],
)
def test_parents_are_written_in_many_ways(tmp_path: Path, value: str, names: tuple[str]) -> None:
    _write(tmp_path / "x.py", f"revision = 'x'\ndown_revision = {value}\n")
    (revision,) = index.read([tmp_path]).revisions
    assert revision.down_revisions == names


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("revision = 'x'\ndef upgrade(:\n", 2, "SyntaxError: invalid syntax"),
        ("import os\nrevision = os.nothing\n", 2, "AttributeError: module 'os' has no"),
        ("import sys\nrevision = sys.exit(3)\n", 2, "SystemExit: 3"),
        ("x = 1\n", None, "the file sets no 'revision'"),
        ("revision = 'x'\n", None, "the file sets no 'down_revision'"),
        ("revision = None\ndown_revision = None\n", None, "'revision' is None, not a name"),
        ("revision = ''\ndown_revision = None\n", None, "'revision' is '', not a name"),
        ("revision = 'a-b'\ndown_revision = None\n", None, "revision id 'a-b' contains '-'"),
        ("revision = 'x'\ndown_revision = 7\n", None, "'down_revision' is 7"),
        ("revision = 'x'\ndown_revision = ('a', None)\n", None, "'down_revision' is ('a', None)"),
        ("revision = 'x'\ndown_revision = None\ndepends_on = b'a'\n", None, "'depends_on' is b'a'"),
    ],
)
def test_a_broken_file_does_not_stop_the_others(
    tmp_path: Path, text: str, line: int | None, message: str
) -> None:
    path = _write(tmp_path / "broken.py", text)
    _write(tmp_path / "good.py")
    found = index.read([tmp_path])
    assert [revision.id for revision in found.revisions] == ["good"]
    (broken,) = found.broken
    assert (broken.path, broken.line) == (path.resolve(), line)
    assert message in broken.message


def test_an_undecodable_file_is_broken(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = '\xff'\nrevision = 'a'\ndown_revision = None\n")
    (broken,) = index.read([tmp_path]).broken
    assert "SyntaxError" in broken.message
    assert "utf-8" in broken.message


def test_a_link_to_nowhere_is_broken(tmp_path: Path) -> None:
    try:
        (tmp_path / "a.py").symlink_to(tmp_path / "nowhere.py")
    except OSError:
        pytest.skip("this system allows no symbolic links here")
    (broken,) = index.read([tmp_path]).broken
    assert broken.message.startswith("the file cannot be read: ")


def test_an_id_in_the_file_name_is_told_how_to_be_written(tmp_path: Path) -> None:
    _write(tmp_path / "ae10.py", "down_revision = None\n")
    (broken,) = index.read([tmp_path]).broken
    assert broken.hint is not None
    assert "write revision = 'ae10' into it" in broken.hint


def test_sourceless_bytecode_is_run(tmp_path: Path) -> None:
    _compiled(_write(tmp_path / "a.py"), tmp_path / "a.pyc")
    (revision,) = index.read([tmp_path], sourceless=True).revisions
    assert (revision.id, revision.message) == ("a", "Say hello\nto all")
    assert index.read([tmp_path]).revisions == ()


def test_bytecode_of_another_python_is_broken(tmp_path: Path) -> None:
    (tmp_path / "a.pyc").write_bytes(b"no magic number at all")
    (broken,) = index.read([tmp_path], sourceless=True).broken
    assert isinstance(broken, BrokenFile)
    assert broken.message.startswith("ImportError: bad magic number")


def test_what_alembic_refuses_is_not_a_revision(tmp_path: Path) -> None:
    _write(tmp_path / "helper.py", "x = 1\n")
    with pytest.raises(CommandError):
        _by_alembic(tmp_path, [tmp_path])
    assert index.read([tmp_path]).revisions == ()
