"""What the days find out for what comes after: outages that are as they were, and when stores open or close next.

Revision ID: 0027
Revises: 0026
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0027.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0027_down.sql")
