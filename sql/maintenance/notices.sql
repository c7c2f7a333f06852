-- name: count
-- What was told of events that are long over, as `delete` says.
--
-- reads   delivery.notice
-- yields  one row
-- binds   before (when it was told), over_before (when it was over)
select count(*) as notices
from delivery.notice
where
    not exists (
        select 1
        from delivery.notice as same_event
        where
            same_event.rule_id = notice.rule_id
            and same_event.kind = notice.kind
            and same_event.scope = notice.scope
            and same_event.started_at = notice.started_at
            and (
                same_event.told_at is null
                or same_event.told_at >= :before
                or coalesce(same_event.ended_at, same_event.started_at) >= :over_before
            )
    )
    and not exists (
        select 1
        from delivery.notice as begun
        left join delivery.notice as ended
            on
                begun.rule_id = ended.rule_id
                and begun.kind = ended.kind
                and begun.scope = ended.scope
                and begun.started_at = ended.started_at
                and ended.phase = 'ended'
        where
            begun.rule_id = notice.rule_id
            and begun.kind in ('outage', 'group_outage', 'data')
            and begun.phase = 'begun'
            and ended.notice_id is null
            and begun.started_at <= coalesce(notice.ended_at, notice.started_at)
    );

-- name: delete
-- What was told of events that are long over, so that no rule looks for them any more, and would tell them again.
--
-- An event and its end go together. While an event is not over, its rule looks back to where it began: what came to its
-- end after that stays too.
--
-- writes  delivery.notice
-- binds   before (when it was told), over_before (when it was over)
delete from delivery.notice
where
    not exists (
        select 1
        from delivery.notice as same_event
        where
            same_event.rule_id = notice.rule_id
            and same_event.kind = notice.kind
            and same_event.scope = notice.scope
            and same_event.started_at = notice.started_at
            and (
                same_event.told_at is null
                or same_event.told_at >= :before
                or coalesce(same_event.ended_at, same_event.started_at) >= :over_before
            )
    )
    and not exists (
        select 1
        from delivery.notice as begun
        left join delivery.notice as ended
            on
                begun.rule_id = ended.rule_id
                and begun.kind = ended.kind
                and begun.scope = ended.scope
                and begun.started_at = ended.started_at
                and ended.phase = 'ended'
        where
            begun.rule_id = notice.rule_id
            and begun.kind in ('outage', 'group_outage', 'data')
            and begun.phase = 'begun'
            and ended.notice_id is null
            and begun.started_at <= coalesce(notice.ended_at, notice.started_at)
    );
