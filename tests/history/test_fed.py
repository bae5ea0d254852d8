"""Alembic, fed with what was read of the files, answers as if it had run them all."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import Script, ScriptDirectory

from databases import Database
from project import Project
from sqlmodel_migrations import _alembic
from sqlmodel_migrations.history import index

from . import histories, pairs

RUN = """
import pathlib
with pathlib.Path({path!r}).open("a") as file:
    file.write({id!r} + " ")
"""
REVISION = '"""message"""\nrevision = {id!r}\ndown_revision = {down!r}\n' + RUN + (
    "\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
)  # fmt: skip


def fed(folder: Path) -> ScriptDirectory:
    script = ScriptDirectory(str(folder))
    _alembic.feed(script, lambda: index.read([folder / "versions"]).revisions)
    return script


def facts(script: Script) -> tuple[object, ...]:
    """All that Alembic knows of a revision, sets sorted."""
    return (
        type(script.path),
        script.path,
        script.doc,
        script.longdoc,
        script.down_revision,
        script.dependencies,
        sorted(script.branch_labels),
        sorted(script.nextrev),
        sorted(script._all_nextrev),
        script.is_head,
        script.is_base,
        script.is_branch_point,
        script.is_merge_point,
        str(script),
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_map_is_the_same(seed: int, tmp_path: Path) -> None:
    pair, _ = pairs.random_pair(seed, tmp_path)
    read = fed(tmp_path)
    pairs.order_dependencies(read)
    for ours, theirs in zip(read.walk_revisions(), pair.scripts, strict=True):
        assert facts(ours) == facts(theirs)
    assert read.get_heads() == pair.alembic.get_heads()
    assert read.get_bases() == pair.alembic.get_bases()


def test_a_file_is_run_when_its_module_is_asked_for(tmp_path: Path) -> None:
    versions = histories.write(
        [histories.Drawn("aaaa"), histories.Drawn("bbbb", ("aaaa",))], tmp_path
    )
    for path in versions.glob("*.py"):
        said = RUN.format(path=str(tmp_path / "run"), id=path.stem)
        path.write_text(path.read_text() + said)
    script = fed(tmp_path)
    assert [each.revision for each in script.walk_revisions()] == ["bbbb", "aaaa"]
    assert not (tmp_path / "run").exists()
    module = script.get_revision("bbbb").module
    assert module.revision == "bbbb"
    assert script.get_revision("bbbb").module is module
    assert (tmp_path / "run").read_text() == "bbbb_bbbb "


def test_none_lets_alembic_run_all_files(tmp_path: Path) -> None:
    histories.write([histories.Drawn("aaaa")], tmp_path)
    script = ScriptDirectory(str(tmp_path))
    _alembic.feed(script, lambda: None)
    assert type(script.get_revision("aaaa")) is Script


# What the commands run.


@pytest.fixture
def three(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three revisions that write their id when they are run, two of them applied."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    path = str(project.path / "run")
    project.write(
        {
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "models.py": "raise RuntimeError('nobody may import the models')\n",
            "migrations/env.py": "from sqlmodel_migrations import environment\n\n"
            'target_metadata = ["models"]\n\nenvironment.run(target_metadata)\n',
            **{
                f"migrations/versions/{id}.py": REVISION.format(id=id, down=down, path=path)
                for id, down in (("a1", None), ("b2", "a1"), ("c3", "b2"))
            },
        }
    )
    assert project.cli("upgrade", "b2").code == 0
    (project.path / "run").write_text("")
    return project


COMMANDS = {
    "heads": "",
    "history": "",
    "show b2": "",
    "current": "",
    "upgrade b2": "",
    "upgrade": "c3 ",
    "upgrade +1": "c3 ",
    "downgrade -1 --yes": "b2 ",
    "branches": "",
    "history -i": "",
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("is_plain", [True, False])
def test_a_command_runs_the_files_that_it_needs(
    three: Project, command: str, is_plain: bool
) -> None:
    if not is_plain:
        three.write({"migrations/env.py": f"import os\n{three.read('migrations/env.py')}"})
    ran = three.cli(*command.split())
    assert ran.code == 0, ran.stderr
    assert three.read("run") == COMMANDS[command]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_ids_that_are_computed_are_run(three: Project) -> None:
    text = three.read("migrations/versions/c3.py")
    three.write(
        {"migrations/versions/c3.py": text.replace("revision = 'c3'", "revision = 'c' + '3'")}
    )
    assert three.cli("history").stdout.startswith("b2 -> c3 (head)")
    assert set(three.read("run").split()) == {"c3"}
