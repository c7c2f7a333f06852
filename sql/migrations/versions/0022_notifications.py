"""Notifications about stores.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0022.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0022_down.sql")
