"""Kinds of reasons of quarantined rows, without the values that reasons quote.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0011.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0011_down.sql")
