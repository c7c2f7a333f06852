"""Which message told a notice.

Revision ID: 0024
Revises: 0022
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0024"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0024.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0024_down.sql")
