"""Rows of stores in files without a foreign key, which was looked up for each row of a load.

As polls and openings from the beginning: whoever deletes a file deletes its rows.

Revision ID: 0028
Revises: 0027
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0028.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0028_down.sql")
