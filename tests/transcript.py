"""Transcripts: Markdown pages of what a person types and sees, played and compared.

`play` runs a page in a project and returns the page as it should be: the same text where
everything was as written. What is understood:

    <!-- databases: sqlite, postgresql -->      on which databases it is played; else on all

    ```python title="app/models.py"             a file, written when its turn comes; the same with
    ```                                         <!-- file: app/models.py --> on the line before

    ```diff title="alembic.ini"                 a change of a file: the lines with '-' and ' ' must
    -# timezone =                               stand in it exactly once, and become those with '+'
    +timezone = UTC                             and ' '
    ```

    ```console
    $ sqlmodel migrations upgrade 1e606859995a  a command, then what it writes to both streams
    INFO  [alembic.runtime.migration] Context impl …
    [sqlite] a line that is seen on SQLite      `[postgresql, mariadb] $ …` for a command
    ...                                         any number of lines
    [exit 2]                                    unless the command ended with 0
    ```

Revision ids may be any twelve hexadecimal digits, as long as the same stand for the same; times,
dates in file names and durations may be any; the project is `/path/to/your/project`; `…` is any
part of a line. `sh.py` says which commands there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from databases import KINDS, Database
from project import Project
from sh import Shell

PATH = "/path/to/your/project"

_KIND = "|".join(KINDS)
_DATABASES = re.compile(r"<!-- databases: *(.*?) *-->")
_FILE = re.compile(r"<!-- file: *(.*?) *-->")
_FENCE = re.compile(r"(`{3,})(\w*)(?: .*?title=\"([^\"]+)\")?.*")
_ONLY = re.compile(rf"\[((?:{_KIND})(?:, *(?:{_KIND}))*)\] ?(.*)")
_ID = r"(?<![0-9A-Za-z])[0-9a-f]{12}(?![0-9A-Za-z])"
_HOLE = re.compile(rf"{_ID}|…")
_VARIABLE = (
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?( ?[+-]\d\d:?\d\d|Z)?"), "<time>"),
    (re.compile(r"\d{8}T\d{6}Z"), "<time>"),
    (re.compile(r"\d{4}_\d\d_\d\d_\d{4}"), "<date>"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "<date>"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s|seconds?)\b"), "<duration>"),
)


@dataclass(frozen=True)
class Line:
    """A line of a console block: `number` from 0 on the page, `text` without `[kind]`."""

    number: int
    text: str


@dataclass(frozen=True)
class File:
    """A file that the page writes."""

    name: str
    text: str


@dataclass(frozen=True)
class Change:
    """A change of a file that is there: `before` becomes `after`."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Command:
    """A command and what it is said to write."""

    line: Line
    expected: tuple[Line, ...]


@dataclass(frozen=True)
class Ids:
    """Which id of the page stands for which id of the run."""

    pairs: dict[str, str] = field(default_factory=dict)

    def in_run(self, text: str) -> str:
        """Put the run's ids, and beginnings of them, in the place of the page's."""
        for page, run in self.pairs.items():
            text = re.sub(rf"(?<![0-9A-Za-z]){page}", run, text)
        return re.sub(r"(?<![0-9A-Za-z])[0-9a-f]{4,11}(?![0-9A-Za-z])", self._beginning, text)

    def on_page(self, text: str) -> str:
        """Put the page's ids in the place of the run's."""
        for page, run in self.pairs.items():
            text = text.replace(run, page)
        return text

    def match(self, expected: str, actual: str) -> Ids | None:
        """The ids that are known if the line is as expected, None if it is not."""
        found = re.fullmatch(self._pattern(expected), _blurred(actual))
        if found is None:
            return None
        new = {name.removeprefix("id_"): run for name, run in found.groupdict().items()}
        taken = [*self.pairs.values(), *new.values()]
        return Ids({**self.pairs, **new}) if len(set(taken)) == len(taken) else None

    def _pattern(self, expected: str) -> str:
        """A regular expression with a group for each id that is not known yet."""
        seen: set[str] = set()
        pattern, end = "", 0
        text = _blurred(expected)
        for hole in _HOLE.finditer(text):
            pattern += re.escape(text[end : hole.start()]) + self._hole(hole[0], seen)
            end = hole.end()
        return pattern + re.escape(text[end:])

    def _hole(self, text: str, seen: set[str]) -> str:
        if text == "…":
            return ".*?"
        if text in self.pairs:
            return self.pairs[text]
        if text in seen:
            return f"(?P=id_{text})"
        seen.add(text)
        return f"(?P<id_{text}>{_ID})"

    def _beginning(self, found: re.Match[str]) -> str:
        runs = [run for page, run in self.pairs.items() if page.startswith(found[0])]
        return runs[0][: len(found[0])] if len(runs) == 1 else found[0]


def check(path: Path, project: Project, database: Database, *, update: bool) -> None:
    """Play the page at `path` and fail, showing the difference, where it is not what was written.

    With `update` what was seen on the page's first kind of database is written into it.
    """
    page = path.read_text(encoding="utf-8")
    played = play(page, project, database)
    if played == page:
        return
    if update and database.kind == kinds(page)[0]:
        path.write_text(played, encoding="utf-8", newline="\n")
    pytest.fail(difference(page, played, path, database.kind), pytrace=False)


def kinds(page: str) -> tuple[str, ...]:
    """The kinds of databases on which a page is played. Raises ValueError for an unknown one."""
    found = _DATABASES.search(page)
    named = tuple(re.split(r", *", found[1])) if found else KINDS
    if unknown := set(named) - set(KINDS):
        raise ValueError(f"unknown databases: {', '.join(sorted(unknown))}")
    return named


def play(page: str, project: Project, database: Database) -> str:
    """Run a page in an empty project; return it with what was really written.

    On SQLite the database is `database.db` in the project, where `init` puts it; of a server
    commands learn by DATABASE_URL. `$DATABASE` in a command is its URL.
    """
    shell = Shell(project, _placed(database, project))
    lines = page.split("\n")
    ids = Ids()
    changes: list[tuple[Command, list[str]]] = []
    for part in parse(lines, database.kind):
        if isinstance(part, File):
            project.write({part.name: ids.in_run(part.text)})
            continue
        if isinstance(part, Change):
            _change(project, part)
            continue
        output = shell.run(ids.in_run(part.line.text))
        actual = _lines(_anonymous(output, project, shell.database))
        matched = match([line.text for line in part.expected], actual, ids)
        if matched is None:
            matched, written = _told(part, actual, ids, lines)
            changes.append((part, written))
        ids = matched
    return "\n".join(_spliced(lines, changes))


def _change(project: Project, change: Change) -> None:
    """Change a file; raises ValueError unless what is to be changed stands in it once."""
    text = project.read(change.name)
    if text.count(change.before) != 1:
        raise ValueError(f"not exactly once in {change.name}:\n{change.before}")
    project.write({change.name: text.replace(change.before, change.after)})


def _placed(database: Database, project: Project) -> Database:
    if database.kind != "sqlite":
        return database
    return Database("sqlite", f"sqlite:///{(project.path / 'database.db').as_posix()}")


def parse(lines: Sequence[str], kind: str) -> Iterator[File | Change | Command]:
    """The files and commands of a page, as they are for a kind of database."""
    number = 0
    while number < len(lines):
        fence = _FENCE.fullmatch(lines[number])
        if fence is None:
            number += 1
            continue
        end = _end_of_block(lines, number, fence[1])
        block = [Line(n, lines[n]) for n in range(number + 1, end)]
        if fence[2] == "console":
            yield from _commands(block, kind)
        elif name := fence[3] or _named_above(lines, number):
            yield _file(name, fence[2], [line.text for line in block])
        number = end + 1


def _file(name: str, language: str, lines: Sequence[str]) -> File | Change:
    if language != "diff":
        return File(name, _joined(lines))
    before = [line[1:] for line in lines if not line.startswith("+")]
    after = [line[1:] for line in lines if not line.startswith("-")]
    return Change(name, _joined(before), _joined(after))


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _end_of_block(lines: Sequence[str], start: int, fence: str) -> int:
    for number in range(start + 1, len(lines)):
        if lines[number].strip() == fence:
            return number
    raise ValueError(f"line {start + 1}: the block has no end")


def _named_above(lines: Sequence[str], number: int) -> str | None:
    found = _FILE.fullmatch(lines[number - 1].strip()) if number else None
    return found[1] if found else None


def _commands(block: Sequence[Line], kind: str) -> Iterator[Command]:
    lines = [line for line in (_seen_on(kind, line) for line in block) if line]
    starts = [n for n, line in enumerate(lines) if line.text.startswith("$ ")]
    if lines and starts[:1] != [0]:
        raise ValueError(f"line {lines[0].number + 1}: a console block begins with '$ '")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        line = Line(lines[start].number, lines[start].text.removeprefix("$ "))
        yield Command(line, _without_last_blank(lines[start + 1 : end]))


def _seen_on(kind: str, line: Line) -> Line | None:
    only = _ONLY.fullmatch(line.text)
    if only is None:
        return Line(line.number, line.text.rstrip())
    return Line(line.number, only[2].rstrip()) if kind in re.split(r", *", only[1]) else None


def _without_last_blank(lines: Sequence[Line]) -> tuple[Line, ...]:
    last = max((n for n, line in enumerate(lines) if line.text), default=-1)
    return tuple(lines[: last + 1])


def match(expected: Sequence[str], actual: Sequence[str], ids: Ids) -> Ids | None:
    """The ids that are known if the lines are as expected, None if they are not."""
    if not expected:
        return None if actual else ids
    if expected[0] == "...":
        tails = (match(expected[1:], actual[n:], ids) for n in range(len(actual) + 1))
        return next((found for found in tails if found is not None), None)
    found = ids.match(expected[0], actual[0]) if actual else None
    return None if found is None else match(expected[1:], actual[1:], found)


def _told(
    command: Command, actual: Sequence[str], ids: Ids, lines: Sequence[str]
) -> tuple[Ids, list[str]]:
    """What to write for a command: the page's lines where they are right, else the run's."""
    remaining = list(command.expected)
    written: list[str] = []
    for text in actual:
        place, found = _first_match(remaining, text, ids)
        if found is None:
            written.append(text)
            continue
        written.append(lines[remaining[place].number])
        remaining, ids = remaining[place + 1 :], found
    return ids, [ids.on_page(text) for text in written]


def _first_match(expected: Sequence[Line], text: str, ids: Ids) -> tuple[int, Ids | None]:
    for place, line in enumerate(expected):
        if found := ids.match(line.text, text):
            return place, found
    return 0, None


def _spliced(lines: Sequence[str], changes: Sequence[tuple[Command, list[str]]]) -> list[str]:
    """The page with other outputs; lines that are not of this kind of database stay."""
    gone = {line.number for command, _ in changes for line in command.expected}
    added = {command.line.number: written for command, written in changes}
    page: list[str] = []
    for number, line in enumerate(lines):
        page += [] if number in gone else [line]
        page += added.get(number, [])
    return page


def _anonymous(output: str, project: Project, database: Database) -> str:
    """The output without what belongs to this run: the folder and the database's name."""
    for folder in (project.path.resolve(), project.path):
        output = output.replace(str(folder), PATH).replace(folder.as_posix(), PATH)
    if database.kind == "sqlite":
        return output
    hidden = re.sub(r"://([^:/@]+):[^@]+@", r"://\1:***@", database.url)
    for url in (database.url, hidden):
        output = output.replace(url, "<database url>")
    return output.replace(database.name, "<database name>")


def _lines(output: str) -> list[str]:
    return [line.rstrip() for line in output.rstrip().splitlines()]


def _blurred(text: str) -> str:
    """The line without what is different each time, but for ids."""
    for pattern, name in _VARIABLE:
        text = pattern.sub(name, text)
    return text


def difference(page: str, played: str, path: Path, kind: str) -> str:
    """The unified difference between a page and what it should be, empty if there is none."""
    import difflib

    return "\n".join(
        difflib.unified_diff(
            page.split("\n"), played.split("\n"), str(path), f"{path} on {kind}", lineterm=""
        )
    )
