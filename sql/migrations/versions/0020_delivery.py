"""Subscriptions, and the outbox of everything that is sent.

Revision ID: 0020
Revises: 0018
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0020.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0020_down.sql")
