"""Days and outages of every store.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0016.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0016_down.sql")
