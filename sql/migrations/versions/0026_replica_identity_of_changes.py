"""What identifies a row of history.changed_row, whose key has columns that may be null.

As in 0006: without it Citus neither adds a node nor moves a shard.

Revision ID: 0026
Revises: 0025
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0026.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0026_down.sql")
