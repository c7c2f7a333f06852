-- name: list_of_stores
-- The anomalies of stores on some dates; by kind, store and date, so that days in a row follow each other.
--
-- reads   history.anomaly, history.store_group
-- yields  one row for each date and store
-- binds   from_date, until_date, store_keys (null: all)
select
    anomaly.kind,
    store.kind as scope_kind,
    store.name as scope,
    anomaly.local_date,
    anomaly.observed,
    anomaly.expected,
    anomaly.score,
    anomaly.days,
    anomaly.is_weekly,
    anomaly.observed_of_days,
    anomaly.expected_of_days,
    anomaly.fault,
    anomaly.begin_hour,
    anomaly.end_hour,
    anomaly.stores,
    anomaly.of_stores
from history.store_group as store
inner join history.anomaly on store.store_key = anomaly.store_key
where
    store.kind = 'store'
    and anomaly.local_date between :from_date and :until_date
    and (cast(:store_keys as bigint[]) is null or anomaly.store_key = any(cast(:store_keys as bigint[])))
order by anomaly.kind, store.name collate "C", anomaly.fault, anomaly.local_date, anomaly.anomaly_no;

-- name: list_of_groups
-- The anomalies of groups on some dates; by kind, group and date.
--
-- reads   history.anomaly
-- yields  one row for each date and group
-- binds   from_date, until_date, group_kind, group_name (null: of all)
select
    kind,
    group_kind as scope_kind,
    group_name as scope,
    local_date,
    observed,
    expected,
    score,
    days,
    is_weekly,
    observed_of_days,
    expected_of_days,
    fault,
    begin_hour,
    end_hour,
    stores,
    of_stores
from history.anomaly
where
    store_key is null
    and local_date between :from_date and :until_date
    and (
        cast(:group_kind as text) is null
        or (group_kind = cast(:group_kind as text) and group_name = cast(:group_name as text))
    )
order by kind, group_kind collate "C", group_name collate "C", fault, local_date, anomaly_no;

-- name: last_date
-- The last date that was judged; null if none was.
--
-- reads   history.judged_date
select max(local_date)
from history.judged_date;
