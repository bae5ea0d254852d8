"""The runner of transcripts."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import transcript
from databases import Database
from project import Project
from transcript import Ids, match

Play = Callable[[str], str]

# A page with plain Alembic, which ends as this project's commands do not: it is no sample of them.
EXAMPLE = """
# An example

```ini title="alembic.ini"
[alembic]
script_location = %(here)s/scripts
```

<!-- file: scripts/env.py -->
```python
from alembic import context
```

<!-- file: scripts/script.py.mako -->
```mako
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
```

```console
$ mkdir scripts/versions
$ alembic revision -m one
Generating /path/to/your/project/scripts/versions/1e606859995a_one.py …  done
$ alembic revision -m two
Generating /path/to/your/project/scripts/versions/2e606859995a_two.py …  done
```

The ids are known now, also by their beginnings.

```console
$ alembic show 1e60
Rev: 1e606859995a
Parent: <base>
Path: /path/to/your/project/scripts/versions/1e606859995a_one.py
$ cat scripts/versions/2e606859995a_two.py
revision = '2e606859995a'
down_revision = '1e606859995a'
$ rm scripts/versions/*_two.py
$ ls scripts/versions
1e606859995a_one.py
$ alembic show 2e606859995a
...
[exit 255]
```
"""


@pytest.fixture
def play(project: Project, sqlite: Database) -> Play:
    def play_on_sqlite(text: str) -> str:
        return transcript.play(textwrap.dedent(text), project, sqlite)

    return play_on_sqlite


def console(*lines: str) -> str:
    return "\n".join(["```console", *lines, "```"])


def test_a_true_page_stays_as_it_is(play: Play) -> None:
    assert play(EXAMPLE) == EXAMPLE


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Parent: <base>", "Parent: 2e606859995a"),
        ("down_revision = '1e606859995a'", "down_revision = '2e606859995a'"),
        ("Rev: 1e606859995a\n", "Rev: 1e606859995a (head)\n"),
        ("Parent: <base>\n", ""),
        ("[exit 255]", "[exit 1]"),
        ("$ ls scripts/versions\n", "$ ls scripts/versions\n2e606859995a_two.py\n"),
    ],
)
def test_a_wrong_page_is_corrected(play: Play, right: str, wrong: str) -> None:
    page = EXAMPLE.replace(right, wrong)

    played = play(page)

    assert page != EXAMPLE
    assert played != page
    if right != "[exit 255]":
        assert played == EXAMPLE


def test_the_difference_is_shown_as_a_page(play: Play) -> None:
    page = console("$ echo right", "wrong")

    told = transcript.difference(page, play(page), Path("page.md"), "sqlite")

    assert "--- page.md" in told
    assert "+++ page.md on sqlite" in told
    assert "-wrong\n+right" in told


def test_lines_and_commands_of_other_databases_are_left_alone(play: Play) -> None:
    page = console(
        "$ echo one",
        "[sqlite] one",
        "[postgresql, mariadb] two",
        "[mariadb] $ no such command",
        "[sqlite, mariadb] $ echo three",
        "three",
    )

    assert play(page) == page
    assert play(page.replace("[sqlite] one", "[sqlite] two")) == page.replace("[sqlite] one", "one")


def test_a_change_of_a_file(play: Play) -> None:
    page = """
    ```ini title="a.ini"
    one
    two
    ```

    ```diff title="a.ini"
     one
    -two
    +three
    ```

    ```console
    $ cat a.ini
    one
    three
    ```
    """
    assert play(page) == textwrap.dedent(page)
    with pytest.raises(ValueError, match=r"not exactly once in a\.ini"):
        play(page.replace("-two", "-four"))


def test_the_shell(play: Play) -> None:
    page = console(
        "$ NAME=x python -c 'import os; print(os.environ.get(\"NAME\"))'",
        "x",
        "$ python -c 'import os; print(os.environ.get(\"NAME\"))'",
        "None",
        "$ export NAME=y",
        "$ python -c 'import os; print(os.environ[\"NAME\"])'",
        "y",
        "$ echo $NAME ${NAME}s '$NAME'",
        "y ys $NAME",
        "$ unset NAME",
        '$ echo "a$NAME"',
        "a",
        "$ echo one two > file.txt",
        "$ cp file.txt copy.txt",
        "$ cat *.txt nothing",
        "one two",
        "one two",
        "cat: nothing: No such file or directory",
        "[exit 1]",
        "$ mkdir folder",
        "$ cd folder",
        "$ ls ..",
        "copy.txt",
        "file.txt",
        "folder",
        "$ echo > 8.txt",
        "$ echo > b.txt",
        "$ echo > __init__.txt",
        "$ ls",
        "8.txt",
        "b.txt",
        "__init__.txt",
        "$ python -c 'import sys; sys.exit(3)'",
        "[exit 3]",
    )

    assert play(page) == page


def test_the_database_is_at_hand(project: Project, database: Database) -> None:
    page = console(
        '$ sql "CREATE TABLE hero (id INTEGER, name VARCHAR(9))"',
        "$ sql \"INSERT INTO hero VALUES (1, 'Deadpond')\"",
        '$ sql "SELECT * FROM hero"',
        "1 | Deadpond",
        "$ echo $DATABASE",
        "[sqlite] sqlite:////path/to/your/project/database.db",
        "[postgresql, mariadb] <database url>",
        "$ echo ${DATABASE_URL}",
        "[postgresql, mariadb] <database url>",
    )

    assert transcript.play(page, project, database) == page


@pytest.mark.parametrize("line", ["a | b", "a && b", "a < b", "a ; b"])
def test_what_the_shell_does_not_understand_is_an_error(play: Play, line: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        play(console(f"$ {line}"))


def test_a_file_may_be_written_again_between_commands(play: Play) -> None:
    one = '```text title="file.txt"\none\n```\n'
    shown = console("$ cat file.txt", "one")
    page = "\n".join([one, shown, one.replace("one", "two"), shown.replace("one", "two")])

    assert play(page) == page


def test_blank_lines_at_the_end_of_an_output_do_not_count(play: Play) -> None:
    page = console("$ python -c 'print(1, end=chr(10) * 3)'", "1", "", "$ echo 2", "2")

    assert play(page) == page


def test_databases_are_named_on_the_page() -> None:
    assert transcript.kinds("<!-- databases: sqlite, mariadb -->") == ("sqlite", "mariadb")
    assert transcript.kinds("text") == ("sqlite", "postgresql", "mariadb")
    with pytest.raises(ValueError, match="unknown databases: oracle"):
        transcript.kinds("<!-- databases: sqlite, oracle -->")


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("text\n```console\n$ ls", "line 2: the block has no end"),
        ("```console\nls\n```", "line 2: a console block begins"),
    ],
)
def test_a_malformed_page_is_an_error(play: Play, page: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        play(page)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("Create Date: 2023-10-31 19:40:22.084162", "Create Date: 2026-01-02 03:04:05"),
        ("2023_10_31_1946-1e606859995a_a.py", "2026_01_02_0304-abcdefabcdef_a.py"),
        ("done in 0.12 s", "done in 3 ms"),
        ("PostgreSQL …, ready", "PostgreSQL 18.4, ready"),
        ("1e606859995a -> 1e606859995a", "abcdefabcdef -> abcdefabcdef"),
        ("a.b", "a.b"),
    ],
)
def test_what_is_different_each_time_matches(expected: str, actual: str) -> None:
    assert Ids().match(expected, actual) is not None


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("a.b", "axb"),
        ("1e606859995a -> 1e606859995a", "abcdefabcdef -> 000000000000"),
        ("1e606859995a -> 2e606859995a", "abcdefabcdef -> abcdefabcdef"),
        ("1e606859995a", "abcdefabcdefa"),
        ("3 rows", "4 rows"),
    ],
)
def test_what_is_different_does_not_match(expected: str, actual: str) -> None:
    assert Ids().match(expected, actual) is None


@pytest.mark.parametrize(
    ("expected", "actual", "matches"),
    [
        ("...", "", True),
        ("...", "a b", True),
        ("a ... d", "a b c d", True),
        ("a ... d", "a b c", False),
        ("... a ... a", "a", False),
        ("... a ... a", "b a c a", True),
        ("a", "a b", False),
    ],
)
def test_three_points_are_any_lines(expected: str, actual: str, matches: bool) -> None:
    assert (match(expected.split(), actual.split(), Ids()) is not None) is matches
