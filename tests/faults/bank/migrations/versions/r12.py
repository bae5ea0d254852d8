"""a view, and what remains to be set"""

import sqlalchemy as sa
from alembic import op

revision = "r12"
down_revision = "r11"


def upgrade():
    op.execute(
        "CREATE VIEW total AS SELECT branch_id, SUM(balance) AS sum FROM account GROUP BY branch_id"
    )
    with op.batch_alter_table("branch") as batch:
        batch.add_column(sa.Column("size", sa.Integer, nullable=False, server_default="0"))
        batch.create_unique_constraint("uq_branch_name", ["name"])
    op.execute(
        "UPDATE branch SET size = size + (SELECT COUNT(*) FROM account"
        " WHERE account.branch_id = branch.id)"
    )
