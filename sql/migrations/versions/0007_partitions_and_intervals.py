"""One word for one thing: file partitions in place of shares, status intervals in place of runs.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0007.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0007_down.sql")
