-- name: lock
-- One process at a time judges dates.
select pg_advisory_xact_lock(hashtextextended('insight', 0));

-- name: find_dates
-- Which dates are to be judged: from the first one that was not judged since its days, or days before it, were settled
-- otherwise, to the last that is over on the calendar of every store.
--
-- reads   history.day, history.day_hours, history.judged_date, history.restatement
-- yields  one row, with the first date that has hours; from_date is null if there is nothing to judge
-- binds   least_days (how many dates with hours come before the first that is judged)
with known as (
    select
        span.first_date as hours_from,
        span.first_date + cast(:least_days as integer) as first_date,
        coalesce(running.local_date - 1, span.last_date) as last_date
    from (
        select
            min(local_date) as first_date,
            max(local_date) as last_date
        from history.day_hours
    ) as span
    cross join (
        select min(local_date) as local_date
        from history.day
        where not is_final
    ) as running
),

unjudged as (
    select min(date.local_date) as local_date
    from known
    cross join lateral (
        select cast(generate_series(known.first_date, known.last_date, interval '1 day') as date) as local_date
    ) as date
    left join history.judged_date on date.local_date = judged_date.local_date
    where judged_date.local_date is null
),

restated as (
    select min(judged_date.local_date) as local_date
    from (
        select
            local_date,
            max(settlement_id) as settlement_id
        from history.restatement
        group by local_date
    ) as restatement
    inner join known on restatement.local_date between known.first_date and known.last_date
    inner join history.judged_date
        on
            restatement.local_date = judged_date.local_date
            and restatement.settlement_id > judged_date.settlement_id
)

select
    known.hours_from,
    least(unjudged.local_date, restated.local_date) as from_date,
    known.last_date as until_date
from known
cross join unjudged
cross join restated;

-- name: read_hours
-- The hours of days on some dates, store by store. Of each date, in order: the number of the date from from_date on,
-- times eight, plus one if it is special, two if the store was down in it, and four if something of it is unknown;
-- end_hour; polls; changes (four bytes each); and the bytes of open. Those of down, and of unknown, only of such dates.
--
-- reads   history.day_hours
-- yields  one row for each store, by key; down and unknown are null where no date has any
-- binds   from_date, until_date
select
    store_key,
    string_agg(
        int8send(
            (cast(
                8 * (local_date - cast(:from_date as date))
                + cast(is_special as integer)
                + 2 * cast(down <> decode(repeat('00', 26), 'hex') as integer)
                + 4 * cast(unknown <> decode(repeat('00', 26), 'hex') as integer)
                as bigint
            ) << 32)
            | (cast(end_hour as bigint) & 4294967295)
        )
        || int8send((cast(polls as bigint) << 32) | cast(changes as bigint))
        || open,
        '' order by local_date
    ) as days,
    string_agg(down, '' order by local_date) filter (where down <> decode(repeat('00', 26), 'hex')) as down,
    string_agg(unknown, '' order by local_date) filter (where unknown <> decode(repeat('00', 26), 'hex')) as unknown
from history.day_hours
where local_date between :from_date and :until_date
group by store_key
order by store_key;

-- name: read_openings
-- The days on which an opening was late, or one ended early.
--
-- reads   history.day
-- yields  one row for each
-- binds   from_date, until_date
select
    store_key,
    local_date - cast(:from_date as date) as date_number,
    opened_late_us,
    closed_early_us
from history.day
where
    local_date between :from_date and :until_date
    and (opened_late_us > 0 or closed_early_us > 0);

-- name: read_groups
-- The groups with enough stores, all stores among them, the smallest first.
--
-- reads   history.store_group
-- yields  one row for each
-- binds   least_stores
select
    kind,
    name,
    array_agg(store_key order by store_key) as store_keys
from history.store_group
where kind <> 'store'
group by kind, name
having count(*) >= :least_stores
order by count(*), kind collate "C", name collate "C";

-- name: read_anomalies
-- What was found on some dates.
--
-- reads   history.anomaly
-- yields  one row for each, in the order in which it was found
-- binds   from_date, until_date
select
    local_date - cast(:from_date as date) as date_number,
    kind,
    store_key,
    group_kind,
    group_name,
    begin_hour,
    end_hour
from history.anomaly
where local_date between :from_date and :until_date
order by local_date, anomaly_no;

-- name: delete_anomalies
-- Of dates that are judged again.
--
-- writes  history.anomaly
-- binds   from_date
delete from history.anomaly
where local_date >= :from_date;

-- name: delete_dates
-- writes  history.judged_date
-- binds   from_date
delete from history.judged_date
where local_date >= :from_date;

-- name: add_date
-- writes  history.judged_date, one row
-- binds   local_date, settlement_id, judged_at, tests
insert into history.judged_date (local_date, settlement_id, judged_at, tests)
values (:local_date, :settlement_id, :judged_at, :tests);

-- name: add_anomaly
-- writes  history.anomaly, one row
-- binds   local_date, anomaly_no, kind, store_key, group_kind, group_name, observed, expected, score, days, is_weekly,
--         observed_of_days, expected_of_days, fault, begin_hour, end_hour, stores, of_stores
insert into history.anomaly (
    local_date, anomaly_no, kind, store_key, group_kind, group_name, observed, expected, score, days, is_weekly,
    observed_of_days, expected_of_days, fault, begin_hour, end_hour, stores, of_stores
)
values (
    :local_date, :anomaly_no, :kind, :store_key, :group_kind, :group_name, :observed, :expected, :score, :days,
    :is_weekly, :observed_of_days, :expected_of_days, :fault, :begin_hour, :end_hour, :stores, :of_stores
);
