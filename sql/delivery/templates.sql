-- name: add
-- A new template.
--
-- writes  delivery.template
-- yields  its row
-- binds   name, answer, formats, period, grouped_by, scope_kind, scope_name, column_names, changed_by, changed_at
insert into delivery.template (
    name, answer, formats, period, grouped_by, scope_kind, scope_name, column_names, changed_by, changed_at
)
values (
    :name, :answer, cast(:formats as text[]), :period, :grouped_by, :scope_kind, :scope_name,
    cast(:column_names as text[]), :changed_by, :changed_at
)
returning *;

-- name: change
-- Replaces what a template selects.
--
-- writes  delivery.template
-- yields  its row; none for an id that nobody has
-- binds   template_id, name, answer, formats, period, grouped_by, scope_kind, scope_name, column_names, changed_by,
--         changed_at
update delivery.template
set
    name = :name,
    answer = :answer,
    formats = cast(:formats as text[]),
    period = :period,
    grouped_by = :grouped_by,
    scope_kind = :scope_kind,
    scope_name = :scope_name,
    column_names = cast(:column_names as text[]),
    changed_by = :changed_by,
    changed_at = :changed_at
where template_id = :template_id
returning *;

-- name: delete
-- Deletes a template that no subscription sends.
--
-- reads   delivery.subscription
-- writes  delivery.template
-- yields  its id; none if it is unknown, or sent
-- binds   template_id
delete from delivery.template
where
    template_id = :template_id
    and not exists (select from delivery.subscription where subscription.template_id = template.template_id)
returning template_id;

-- name: list
-- All templates by name, with the number of subscriptions that send each; or the one with an id.
--
-- reads   delivery.template, delivery.subscription
-- yields  one row per template
-- binds   template_id (null: all)
select
    template.*,
    count(subscription.subscription_id) as subscriptions
from delivery.template
left join delivery.subscription on template.template_id = subscription.template_id
where cast(:template_id as bigint) is null or template.template_id = :template_id
group by template.template_id
order by template.name collate "C";
