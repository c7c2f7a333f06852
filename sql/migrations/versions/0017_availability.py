"""Groups and targets of the stores that have days.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0017.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0017_down.sql")
