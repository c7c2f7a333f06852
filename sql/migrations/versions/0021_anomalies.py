"""Anomalies, and the hours of days that they are found from.

Revision ID: 0021
Revises: 0020
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0021.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0021_down.sql")
