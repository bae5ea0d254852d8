"""branches, and the branch of an account"""

import sqlalchemy as sa
from alembic import op

revision = "r03"
down_revision = "r02"


def upgrade():
    op.create_table(
        "branch",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(40), nullable=False),
    )
    with op.batch_alter_table("account") as batch:
        batch.add_column(sa.Column("branch_id", sa.Integer))
        batch.create_foreign_key("fk_account_branch", "branch", ["branch_id"], ["id"])
