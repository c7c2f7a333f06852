"""The sums of months.

Revision ID: 0025
Revises: 0023
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0025.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0025_down.sql")
