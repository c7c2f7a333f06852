"""The figures of a report by store and period.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0008.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0008_down.sql")
