-- name: lock
-- One process at a time begins or publishes a settlement; it waits for the stages that run.
select pg_advisory_xact_lock(hashtextextended('history', 0));

-- name: lock_whole
-- One process at a time settles all stages of its own: others would delete what it has not published yet.
select pg_advisory_xact_lock(hashtextextended('history.settle_all', 0));

-- name: lock_shared
-- While a stage runs, no settlement begins or is published.
select pg_advisory_xact_lock_shared(hashtextextended('history', 0));

-- name: lock_subshard
-- One process at a time works on a subshard: the process of a task that timed out may still run.
--
-- binds   subshard
select pg_advisory_xact_lock(hashtextextended('history ' || cast(:subshard as text), 0));

-- name: find_position
-- What a new settlement is as of, and what the last one was: as of the largest as_of of a published report of all
-- stores, but not later than the newest accepted poll and the instant `until`, and never earlier than before.
--
-- reads   report.report, core.file, core.acceptance, core.poll_horizon, history.settlement
-- yields  one row; as_of is null if there is no such report and no settlement
-- binds   until (null: as far as possible)
select
    greatest(
        previous.as_of,
        case
            when reported.as_of is not null then
                least(reported.as_of, polled.polled_at, cast(:until as timestamptz))
        end
    ) as as_of,
    accepted.accepted_order,
    polled.first_polled_at,
    new_file.first_polled_at as new_polled_at,
    horizon.kept_from,
    previous.settlement_id as previous_id,
    previous.as_of as previous_as_of,
    previous.accepted_order as previous_order,
    previous.max_gap as previous_max_gap,
    previous.has_hours as previous_has_hours
from (
    select max(report.as_of) as as_of
    from report.report
    where report.published_at is not null and report.store_ids is null
) as reported
cross join (
    select
        min(file.first_polled_at) as first_polled_at,
        max(file.last_polled_at) as polled_at
    from core.file
    where file.kind = 'store_status' and file.state = 'accepted'
) as polled
cross join (
    select max(acceptance.accepted_order) as accepted_order
    from core.acceptance
) as accepted
left join history.settlement as previous
    on previous.settlement_id = (
        select max(settlement.settlement_id)
        from history.settlement
        where settlement.published_at is not null
    )
cross join lateral (
    select min(file.first_polled_at) as first_polled_at
    from core.acceptance
    inner join core.file on acceptance.file_id = file.file_id
    where file.kind = 'store_status' and acceptance.accepted_order > previous.accepted_order
) as new_file
cross join (
    select cast(max(poll_horizon.kept_from) as timestamp) at time zone 'UTC' as kept_from
    from core.poll_horizon
) as horizon;

-- name: create
-- writes  history.settlement, one row
-- yields  its id
-- binds   follows_id, as_of, accepted_order, max_gap, keep_days, kept_from, shards, has_hours, clocks_from, created_at
insert into history.settlement (
    follows_id, as_of, accepted_order, max_gap, keep_days, kept_from, shards, has_hours, clocks_from, created_at
)
values (
    :follows_id, :as_of, :accepted_order, :max_gap, :keep_days, :kept_from, :shards, :has_hours, :clocks_from,
    :created_at
)
returning settlement_id;

-- name: delete_unpublished
-- Settlements that were begun and not published.
--
-- writes  history.settlement, history.finished_shard
delete from history.settlement
where published_at is null;

-- name: empty_staged
-- What the last settlement, published or not, was made of.
--
-- writes  the tables of a settlement
truncate history.file_period, history.change, history.changed_row, history.clock_segment, history.clock_piece,
history.clock_date, history.clock_planned, history.new_store, history.new_change, history.new_carry,
history.new_special, history.new_planned, history.new_status, history.new_opening, history.new_stretch, history.new_day,
history.new_outage_day, history.new_outage, history.new_day_hours;

-- name: read_pinned
-- What a settlement is pinned to: the binds of its stages. No row: another one has begun since.
--
-- reads   history.settlement, core.snapshot, core.poll_horizon, core.file, core.acceptance
-- binds   settlement_id
select
    settlement.settlement_id,
    settlement.follows_id,
    settlement.as_of,
    settlement.accepted_order,
    settlement.max_gap,
    settlement.shards,
    settlement.has_hours,
    settlement.clocks_from,
    settlement.published_at,
    cast(settlement.as_of at time zone 'UTC' as date) - settlement.keep_days as keep_from,
    previous.accepted_order as previous_order,
    snapshot_file.special_hours_file_id,
    snapshot_file.planned_downtime_file_id,
    snapshot_file.store_groups_file_id,
    snapshot_file.targets_file_id,
    snapshot_file.previous_targets_file_id,
    settlement.kept_from,
    coalesce(horizon.kept_from > coalesce(settlement.kept_from, '-infinity'), false) as has_lost_polls,
    coalesce(poll_file.new_file_ids, '{}') as new_file_ids,
    poll_file.new_polls_from,
    poll_file.new_polls_until,
    coalesce(poll_file.later_file_ids, '{}') as later_file_ids
from history.settlement
left join history.settlement as previous on settlement.follows_id = previous.settlement_id
cross join lateral (
    select
        max(snapshot.file_id) filter (where snapshot.kind = 'special_hours') as special_hours_file_id,
        max(snapshot.file_id) filter (where snapshot.kind = 'planned_downtime') as planned_downtime_file_id,
        max(snapshot.file_id) filter (where snapshot.kind = 'store_groups') as store_groups_file_id,
        max(snapshot.file_id) filter (where snapshot.kind = 'targets') as targets_file_id,
        max(snapshot.previous_file_id) filter (where snapshot.kind = 'targets') as previous_targets_file_id
    from (
        select
            seen.kind,
            max(seen.file_id) filter (where seen.accepted_order = seen.newest) as file_id,
            max(seen.file_id) filter (where seen.accepted_order = seen.newest_before) as previous_file_id
        from (
            select
                log.kind,
                log.file_id,
                log.accepted_order,
                max(log.accepted_order) over (partition by log.kind) as newest,
                max(log.accepted_order) filter (where log.accepted_order <= previous.accepted_order)
                over (partition by log.kind) as newest_before
            from core.snapshot as log
            where log.accepted_order <= settlement.accepted_order
        ) as seen
        group by seen.kind
    ) as snapshot
) as snapshot_file
cross join lateral (
    select cast(max(poll_horizon.kept_from) as timestamp) at time zone 'UTC' as kept_from
    from core.poll_horizon
) as horizon
cross join lateral (
    select
        array_agg(file.file_id) filter (
            where acceptance.accepted_order <= settlement.accepted_order
            and acceptance.accepted_order > previous.accepted_order
        ) as new_file_ids,
        min(file.first_polled_at) filter (
            where acceptance.accepted_order <= settlement.accepted_order
            and acceptance.accepted_order > previous.accepted_order
        ) as new_polls_from,
        max(file.last_polled_at) filter (
            where acceptance.accepted_order <= settlement.accepted_order
            and acceptance.accepted_order > previous.accepted_order
        ) as new_polls_until,
        array_agg(file.file_id) filter (
            where acceptance.accepted_order is null or acceptance.accepted_order > settlement.accepted_order
        ) as later_file_ids
    from core.file
    left join core.acceptance on file.file_id = acceptance.file_id
    where file.kind = 'store_status'
) as poll_file
where settlement.settlement_id = :settlement_id;

-- name: touched_from
-- The first date that a store may have another day on, or none any more: at most three dates before the first one that
-- is settled, for another zone moves dates. Statements that publish ask for it as well, so that PostgreSQL knows how
-- little of the history they are about. `restated_from` is the same of stores that may have other days than before on
-- final dates, or fewer days: on most nights there are none, and nobody looks for them.
--
-- reads   history.new_store, history.new_change, history.new_day, history.day
-- yields  one row; nulls without such stores, changed_from (the first date of a new day) without new days
select
    settled.touched_from,
    settled.restated_from,
    staged.changed_from
from (
    select
        min(least(store.from_date, store.first_date)) - 3 as touched_from,
        min(least(store.from_date, store.first_date)) filter (
            where store.provisional_from is null
            or store.from_date < store.provisional_from
            or running.local_date > store.last_date
            or changed.store_key is not null
        ) - 3 as restated_from
    from history.new_store as store
    left join (
        select
            day.store_key,
            max(day.local_date) as local_date
        from history.day
        where not day.is_final
        group by day.store_key
    ) as running on store.store_key = running.store_key
    left join (
        select new_change.store_key
        from history.new_change
        group by new_change.store_key
    ) as changed on store.store_key = changed.store_key
) as settled
cross join (
    select min(new_day.local_date) as changed_from
    from history.new_day
) as staged;

-- name: finish_shard
-- A task has done its part.
--
-- writes  history.finished_shard
-- binds   settlement_id, task, shard
insert into history.finished_shard (settlement_id, task, shard)
values (:settlement_id, :task, :shard)
on conflict do nothing;

-- name: count_finished
-- reads   history.finished_shard
-- binds   settlement_id
select count(*)
from history.finished_shard
where settlement_id = :settlement_id;

-- name: newest
-- The settlement that readers see; null before the first.
--
-- reads   history.settlement
select max(settlement_id)
from history.settlement
where published_at is not null;

-- name: publish
-- writes  history.settlement.published_at
-- binds   settlement_id, published_at
update history.settlement
set published_at = :published_at
where settlement_id = :settlement_id;

-- name: analyze_staged
-- Statistics of what the stages before have written, for those that follow.
select history.analyze_staged();

-- name: analyze_published
-- Statistics of what readers read, where it has grown: they ask as soon as the settlement is there.
select history.analyze_published();
