"""Pages of rules: what a rule finds, the safe form, and what it leaves alone.

    <!-- databases: postgresql -->     the databases on which it is tried; else all
    <!-- env.py: alembic -->           as plain Alembic runs it, a transaction each; else ours
    <!-- env.py: foreign-keys -->      the same, with SQLite's foreign keys on

    ```python title="before"           upgrade() of the revision that is there already
    ```python title="found"            pending: the rule finds the lines that end with `# found`
    ```text                            what is said of them on the page's first database
    ```python title="fixed"            what `lint --fix` makes of the block "found"
    ```python title="safe"             pending: the safe form; nothing is found that is an error
    ```python title="silent"           pending: what looks alike, and the rule does not find

    ```python title="models.py"        a module of the application

Where `<!-- databases: … -->` stands a second time a section of its own begins, for databases that
do otherwise; it has the "before" of the first one unless it has its own.

A line `# next revision` begins a further revision, `# beside it` one that follows the same. What
comes after a line `# downgrade` is that function. `# found above` means the line of
`down_revision`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from databases import KINDS, Database
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint import script
from sqlmodel_migrations.lint.finding import Finding
from sqlmodel_migrations.lint.review import Wanted
from sqlmodel_migrations.migrations import Migrations
from sqlmodel_migrations.report.report import Report
from sqlmodel_migrations.report.reporters.console import ConsoleReporter

_COMMENT = re.compile(r"<!-- (databases|env\.py): *(.*?) *-->")
_BLOCK = re.compile(r"^```python title=\"([\w.]+)\"\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAID = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NEXT = re.compile(r"^(?=# next revision\n|# beside it\n)", re.MULTILINE)
_SECTION = re.compile(r"^(?=<!-- databases:)", re.MULTILINE)
_FIXED = re.compile(r'^```python title="fixed"\n(.*?)^```$', re.MULTILINE | re.DOTALL)

_ALEMBIC = """
import sqlalchemy as sa
from alembic import context

engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"))
{listener}
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""
_FOREIGN_KEYS = """
@sa.event.listens_for(engine, "connect")
def on_connect(connection, record):
    connection.execute("PRAGMA foreign_keys=ON")
"""
_ENV = {
    "ours": "from sqlmodel_migrations import environment\n\nenvironment.run()\n",
    "alembic": _ALEMBIC.format(listener=""),
    "foreign-keys": _ALEMBIC.format(listener=_FOREIGN_KEYS),
}
_REVISION = '''"""{id}"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = {id!r}
down_revision = {down!r}{mark}


def upgrade():
{body}


def downgrade():
{back}
'''


@dataclass(frozen=True)
class Page:
    """A section of a page: `blocks` are revisions by the title of their block.

    `said` is what is shown of them, `fixed` what becomes of those that are found. `number` counts
    the sections from 0.
    """

    path: Path
    kinds: tuple[str, ...]
    env: str
    blocks: dict[str, tuple[str, ...]]
    said: str
    fixed: str | None
    number: int = 0

    @property
    def rule(self) -> str:
        return self.path.stem


def read(path: Path) -> tuple[Page, ...]:
    """Read the sections of a page."""
    found: list[Page] = []
    for number, text in enumerate(_sections(path)[1]):
        comments = dict(_COMMENT.findall(text))
        kinds = re.split(r", *", comments["databases"]) if "databases" in comments else KINDS
        blocks = {title: tuple(_NEXT.split(body)) for title, body in _BLOCK.findall(text)}
        if found:
            blocks = {"before": found[0].blocks["before"], **blocks}
        said, fixed = _SAID.search(text), _FIXED.search(text)
        found.append(
            Page(
                path,
                tuple(kinds),
                comments.get("env.py", "ours"),
                blocks,
                said[1] if said else "",
                fixed[1] if fixed else None,
                number,
            )
        )
    return tuple(found)


def _sections(path: Path) -> tuple[str, list[str]]:
    """The text above the first section, and the sections; a page without comments is one."""
    first, *sections = _SECTION.split(path.read_text(encoding="utf-8"))
    return (first, sections) if sections else ("", [first])


def write_fixed(page: Page, fixed: str) -> None:
    """Put what a block becomes into the page."""
    _write(page, _FIXED, f'```python title="fixed"\n{fixed}```')


def write_said(page: Page, said: str) -> None:
    """Put what is said into the page."""
    _write(page, _SAID, f"```text\n{said}```")


def _write(page: Page, block: re.Pattern[str], new: str) -> None:
    first, sections = _sections(page.path)
    sections[page.number] = block.sub(lambda _: new, sections[page.number], count=1)
    page.path.write_text(first + "".join(sections), encoding="utf-8", newline="\n")


class Trial:
    """A page's revisions in a project of their own: those before, and one block of pending ones."""

    def __init__(self, page: Page, folder: Path, database: Database) -> None:
        self.page, self.folder = page, folder
        self.versions = folder / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        (folder / "models.py").write_text("".join(page.blocks.get("models.py", ())))
        url = database.url.replace("%", "%%")
        ini = (
            "[alembic]\nscript_location = migrations\nprepend_sys_path = %(here)s\n"
            f"sqlalchemy.url = {url}\n"
        )
        (folder / "alembic.ini").write_text(ini)
        (folder / "migrations" / "env.py").write_text(textwrap.dedent(_ENV[page.env]))
        self.past = self._add("before", None)

    def lint(self, title: str) -> tuple[Finding, ...]:
        """Return what is found in the revisions of a block."""
        self._add(title, self.past)
        return Migrations(self.folder).lint(Wanted(f"{self.past}:heads")).findings

    def mend(self, title: str) -> str:
        """Mend a block; return what its revisions are then."""
        self._add(title, self.past)
        mended = Migrations(self.folder).fix(Wanted(f"{self.past}:heads"))
        return "# next revision\n".join(map(_body, mended.linted.revisions))

    def expected(self, title: str) -> set[tuple[str, int]]:
        """Return the file names and lines that are marked in a block."""
        return {
            (path.name, number)
            for path in self.versions.glob(f"{title}*.py")
            for number, line in enumerate(path.read_text().splitlines(), start=1)
            if line.rstrip().endswith("# found")
        }

    def _add(self, title: str, down: str | None) -> str:
        last = down
        for number, text in enumerate(self.page.blocks[title], start=1):
            id = f"{title}{number}"
            body, _, back = text.partition("# downgrade\n")
            follows = down if text.startswith("# beside it") else last
            down, last = follows, id
            whole = _REVISION.format(
                id=id,
                down=follows,
                mark="  # found" if "# found above\n" in text else "",
                body=_indented(body),
                back=_indented(back or "op.get_bind()"),
            )
            (self.versions / f"{id}.py").write_text(whole)
        assert last is not None
        return last


def _indented(body: str) -> str:
    is_empty = not re.sub(r"^#.*$", "", body, flags=re.MULTILINE).strip()
    return textwrap.indent(f"{body.strip()}\npass" if is_empty else body.strip(), "    ")


def _body(revision: Revision) -> str:
    """What a revision does, and undoes."""
    read = script.read(revision.path)
    nothing = ("pass", "op.get_bind()")
    texts = ([block.text for block in blocks] for blocks in (read.ups, read.downs))
    up, down = ([text for text in own if text not in nothing] for own in texts)
    back = ["# downgrade", *down] if down else []
    return "".join(f"{text}\n" for text in (*up, *back))


def shown(findings: Sequence[Finding]) -> str:
    """Return findings as the console shows them, without their places."""
    plain = tuple(replace(finding, file=None, line=None) for finding in findings)
    return ConsoleReporter().render(Report("lint", None, diagnostics=plain, is_verdict=True)).out


def pages(folder: Path) -> Iterator[Page]:
    """Read every page of a folder, section by section."""
    return (page for path in sorted(folder.glob("*.md")) for page in read(path))
