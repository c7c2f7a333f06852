"""A forecast, and how good forecasts have been.

Revision ID: 0023
Revises: 0024
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0023"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0023.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0023_down.sql")
