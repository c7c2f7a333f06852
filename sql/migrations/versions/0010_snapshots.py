"""One log of snapshots of all kinds, in place of kinds in the log of acceptances and columns of reports.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0010.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0010_down.sql")
