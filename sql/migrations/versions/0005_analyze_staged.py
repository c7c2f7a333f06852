"""Statistics of what is staged, before it is accepted.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0005.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0005_down.sql")
