"""A file that several tasks load side by side, each its share of the stores.

Revision ID: 0003
Revises: 0002

See docs/decisions/0007-a-large-file-is-loaded-in-partitions.md.
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0003.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0003_down.sql")
