"""The page docs/autogenerate.md: changes of models, and the scripts that are written for them.

A `##` heading is a group, played as one project; a `###` heading in it is one change:

    <!-- databases: postgresql, mariadb -->     on which databases; else on all
    <!-- rows: INSERT INTO hero … -->           rows that are there before

    ```diff                                     the models: before with '-' and ' ', after with '+'
    ```
    ```console
    $ sqlmodel migrations revision "…" --flags
    ```
    ```python title="SQLite"                    docstring, upgrade and downgrade of the script;
    ```                                         "SQLite and MariaDB" or "every database"
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from databases import KINDS

TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}
EVERY = "every database"

_GROUP = re.compile(r"^## (.+)$", re.MULTILINE)
_CHANGE = re.compile(r"^### (.+)$", re.MULTILINE)
_COMMENT = re.compile(r"<!-- (\w+): (.*?) -->", re.DOTALL)
_MODELS = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ sqlmodel migrations (revision .*)$", re.MULTILINE)
_SCRIPT = re.compile(r"\n*^```python title=\"([^\"]+)\"\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_IMPORTS = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_IDS = re.compile(r"^(Revision ID|Revises|Create Date):.*\n", re.MULTILINE)
_FUNCTIONS = re.compile(r"^def upgrade\b.*", re.MULTILINE | re.DOTALL)
_NOISE = re.compile(r'^ +(?:"""(?:Up|Down)grade schema\."""|# ### .* ###)\n', re.MULTILINE)


@dataclass(frozen=True)
class Change:
    """One change of the models; `scripts` are what the page shows, by kind of database."""

    title: str
    text: str
    kinds: tuple[str, ...]
    rows: tuple[str, ...]
    before: str
    after: str
    command: tuple[str, ...]
    scripts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Changes that are played in one project, one revision after the other."""

    title: str
    imports: str
    changes: tuple[Change, ...]

    def on(self, kind: str) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if kind in change.kinds)

    def models(self, kind: str, number: int) -> str:
        """The models when the first `number` changes are made."""
        changes = self.on(kind)
        parts = [c.after if n < number else c.before for n, c in enumerate(changes)]
        return "\n\n".join((self.imports, *(part for part in parts if part)))


def read(path: Path) -> tuple[Group, ...]:
    """Return the groups of the page."""
    page = path.read_text(encoding="utf-8")
    found = _IMPORTS.search(page)
    assert found, "the page begins with the imports of its models"
    return tuple(
        Group(title, found[1], tuple(_change(name, text) for name, text in _split(_CHANGE, body)))
        for title, body in _split(_GROUP, page)
        if _CHANGE.search(body)
    )


def _split(heading: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    pieces = heading.split(text)[1:]
    yield from zip(pieces[::2], pieces[1::2], strict=True)


def _change(title: str, text: str) -> Change:
    comments = dict(_COMMENT.findall(text))
    models, command = _MODELS.search(text), _COMMAND.search(text)
    assert models, f"'{title}' shows no models"
    assert command, f"'{title}' shows no command"
    lines = models[1].splitlines()
    return Change(
        title,
        text,
        tuple(re.split(r", *", comments["databases"])) if "databases" in comments else KINDS,
        tuple(s.strip() for s in comments.get("rows", "").split(";") if s.strip()),
        "\n".join(line[1:] for line in lines if not line.startswith("+")).strip("\n"),
        "\n".join(line[1:] for line in lines if not line.startswith("-")).strip("\n"),
        tuple(shlex.split(command[1])),
        _scripts(text),
    )


def _scripts(text: str) -> dict[str, str]:
    return {kind: body for title, body in _SCRIPT.findall(text) for kind in _kinds(title)}


def _kinds(title: str) -> Sequence[str]:
    return [kind for kind in KINDS if title == EVERY or TITLES[kind] in title]


def shown(script: str) -> str:
    """Return what the page shows of a script: its docstring without ids, and its functions."""
    docstring = _IDS.sub("", script.split('"""')[1]).strip()
    functions = _FUNCTIONS.search(script)
    assert functions
    bodies = _NOISE.sub("", functions[0])
    return f'"""{docstring}"""\n\n\n{_without_blanks(bodies).strip()}\n'


def _without_blanks(bodies: str) -> str:
    """Take out the empty line that Alembic's marks leave at the end of a function."""
    return re.sub(r"\n{2,}(?=\n\ndef |\Z)", "\n", bodies)


def rewrite(path: Path, written: Mapping[str, Mapping[str, str]]) -> None:
    """Put scripts into the page: `written` has them by title of the change and kind."""
    page = path.read_text(encoding="utf-8")
    for title, scripts in written.items():
        start = page.index(f"### {title}\n") + len(f"### {title}")
        end = next((m.start() for m in re.finditer(r"^##", page[start:], re.MULTILINE)), None)
        text = page[start:] if end is None else page[start : start + end]
        rest = "" if end is None else page[start + end :]
        merged = {**_scripts(text), **scripts}
        page = page[:start] + _with_scripts(text, merged) + rest
    path.write_text(page, encoding="utf-8", newline="\n")


def _with_scripts(text: str, scripts: Mapping[str, str]) -> str:
    alike: dict[str, list[str]] = {}
    for kind in (kind for kind in KINDS if kind in scripts):
        alike.setdefault(scripts[kind], []).append(kind)
    blocks = [f'\n\n```python title="{_title(kinds)}"\n{body}```' for body, kinds in alike.items()]
    command = _COMMAND.search(text)
    assert command
    end = text.index("\n```", command.end()) + len("\n```")
    return text[:end] + "".join(blocks) + _SCRIPT.sub("", text[end:])


def _title(kinds: Sequence[str]) -> str:
    return EVERY if len(kinds) == len(KINDS) else " and ".join(TITLES[kind] for kind in kinds)
