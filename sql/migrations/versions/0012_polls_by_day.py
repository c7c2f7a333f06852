"""Polls by store and UTC day, in place of a row for each poll.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0012.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0012_down.sql")
