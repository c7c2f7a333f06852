"""Statistics of what is staged, before it is accepted.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CHANGES = """
create function core.analyze_staged() returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    analyze core.polled_store, core.staged_run;
end
$$;
comment on function core.analyze_staged() is
    'Statistics of the tables that are empty between two loads, for the statements that accept what is in them.';
revoke all on function core.analyze_staged() from public;
grant execute on function core.analyze_staged() to store_uptime_writer;
"""


def upgrade() -> None:
    # The bare cursor: as in the migrations before.
    with op.get_bind().connection.cursor() as cursor:
        cursor.execute(CHANGES)


def downgrade() -> None:
    op.execute("drop function core.analyze_staged()")
