"""Groups of stores, special hours, planned downtime and targets; from which date on hours and zones hold.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0015.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0015_down.sql")
