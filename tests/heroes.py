"""The sample project of the tests of commands: heroes, and revision files written by hand."""

from __future__ import annotations

from collections.abc import Sequence

from project import Project

MODELS = """
    from sqlmodel import Field, SQLModel


    class Hero(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str
    """
CREATE = (
    "op.create_table('hero', sa.Column('id', sa.Integer, primary_key=True), "
    "sa.Column('name', sa.String, nullable=False))"
)
DROP = "op.drop_table('hero')"


def add_revision(
    project: Project,
    id: str,
    down: str | Sequence[str] | None,
    message: str,
    *,
    upgrade: str = "pass",
    downgrade: str = "pass",
    labels: Sequence[str] = (),
    depends_on: str | None = None,
) -> None:
    """Write `migrations/versions/<id>.py`."""
    lines = [
        f'"""{message}"""',
        "from alembic import op",
        "import sqlalchemy as sa",
        f"revision = {id!r}",
        f"down_revision = {down!r}",
        f"branch_labels = {tuple(labels)!r}",
        f"depends_on = {depends_on!r}",
        "def upgrade():",
        f"    {upgrade}",
        "def downgrade():",
        f"    {downgrade}",
        "",
    ]
    project.write({f"migrations/versions/{id}.py": "\n".join(lines)})
