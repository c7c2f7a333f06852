"""Days and outages that are computed, and not published yet, are without a key: it took half of their time.

Revision ID: 0029
Revises: 0028
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0029.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0029_down.sql")
