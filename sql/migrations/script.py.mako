"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "${up_revision}.sql")


def downgrade() -> None:
    ${downgrades if downgrades else "raise NotImplementedError"}
