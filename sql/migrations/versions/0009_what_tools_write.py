"""What tools write: ends past midnight, closed days, tolerated spellings; and warnings that change figures.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0009.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0009_down.sql")
