"""What every store is now, as of what is settled.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0018.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0018_down.sql")
