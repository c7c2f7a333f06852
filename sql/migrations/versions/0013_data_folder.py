"""The data folder that a report read.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0013.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0013_down.sql")
