-- name: count
-- What is old of the outbox and of the log of deliveries.
--
-- reads   delivery.message, delivery, file
-- yields  one row
-- binds   before, files_before (instants)
select
    (select count(*) from delivery.message where state <> 'queued' and created_at < :before) as messages,
    (select count(*) from delivery.delivery where state <> 'waiting' and due_at < :before) as deliveries,
    (
        select count(*)
        from delivery.file
        where
            created_at < :files_before
            and content_sha256 not in (
                select attached.value ->> 'content_sha256'
                from delivery.message
                cross join lateral jsonb_array_elements(message.files) as attached
                where message.state = 'queued'
            )
    ) as files;

-- name: delete_messages
-- Messages that were sent or given up.
--
-- writes  delivery.message
-- binds   before (an instant)
delete from delivery.message
where state <> 'queued' and created_at < :before;

-- name: delete_deliveries
-- Deliveries that do not wait, with their messages. They are not planned again: a subscription is due later.
--
-- writes  delivery.delivery, message
-- binds   before (an instant)
delete from delivery.delivery
where state <> 'waiting' and due_at < :before;

-- name: delete_files
-- Attachments that no message needs any more which is still to be sent.
--
-- reads   delivery.message
-- writes  delivery.file
-- binds   files_before (an instant)
delete from delivery.file
where
    created_at < :files_before
    and content_sha256 not in (
        select attached.value ->> 'content_sha256'
        from delivery.message
        cross join lateral jsonb_array_elements(message.files) as attached
        where message.state = 'queued'
    );
