-- The last interval of a store ends where the status first changes in files whose polls are later than all others
-- (can_append): at the first of their intervals with the other status, because those before it only continue the last.
--
-- reads   core.staged_interval
-- writes  core.status_interval.holds_until
-- binds   file_ids
update core.status_interval
set holds_until = change.started_at
from (
    select
        staged_interval.store_key,
        min(staged_interval.started_at) as started_at
    from core.staged_interval
    inner join core.status_interval as last_interval
        on staged_interval.store_key = last_interval.store_key and last_interval.holds_until = 'infinity'
    where
        staged_interval.file_id = any(:file_ids)
        and staged_interval.is_active <> last_interval.is_active
    group by staged_interval.store_key
) as change
where status_interval.store_key = change.store_key and status_interval.holds_until = 'infinity'
