-- name: prepare
-- Settings of a transaction that asks about many days: it reads tables whole, which sessions of the API avoid, and sums
-- them up in memory. JIT compilation takes longer than the statements.
select
    set_config('enable_seqscan', 'on', true) as enable_seqscan,
    set_config('jit', 'off', true) as jit,
    set_config('work_mem', '128MB', true) as work_mem;

-- name: newest_settlement
-- What an answer is as of. No row: nothing is settled yet.
--
-- reads   history.newest_settlement
-- yields  one row
select
    settlement_id,
    as_of,
    accepted_order,
    max_gap
from history.newest_settlement;

-- name: input_hashes
-- The content hashes of the files that the newest settlement rests on.
--
-- reads   history.newest_settlement, history.used_snapshot, core.file, core.acceptance
-- yields  one row; snapshots and their content hashes by kind, and one hash over those of all poll files in the order
--         of their acceptance
select
    (
        select jsonb_object_agg(used_snapshot.kind, file.content_sha256 order by used_snapshot.kind)
        from history.used_snapshot
        inner join core.file on used_snapshot.file_id = file.file_id
    ) as snapshots,
    (
        select
            encode(
                sha256(convert_to(string_agg(file.content_sha256, E'\n' order by acceptance.accepted_order), 'UTF8')),
                'hex'
            )
        from core.acceptance
        inner join core.file on acceptance.file_id = file.file_id
        where file.kind = 'store_status' and acceptance.accepted_order <= newest_settlement.accepted_order
    ) as polls_sha256
from history.newest_settlement;

-- name: list_hours
-- From which date up to which one each hours file holds, as seen from what is settled.
--
-- reads   history.newest_settlement, history.file_periods()
-- yields  one row for each period; file_id is null where none holds
select
    period.file_id,
    greatest(period.valid_from, date '0001-01-01') as valid_from,
    least(period.valid_until, date '9999-12-31') as valid_until
from history.newest_settlement
cross join lateral history.file_periods(newest_settlement.accepted_order) as period
where period.kind = 'business_hours'
order by period.valid_from;

-- name: find_stores
-- The stores with days that are asked for by one of their groups.
--
-- reads   history.store_group
-- yields  one row for each store
-- binds   kind, name
select store_key
from history.store_group
where kind = :kind and name = :name;

-- name: has_kind
-- Whether any store with days has a group of a kind.
--
-- reads   history.store_group
-- yields  one row
-- binds   kind
select count(*) > 0 as is_there
from (
    select store_key
    from history.store_group
    where kind = :kind
    limit 1
) as found;
