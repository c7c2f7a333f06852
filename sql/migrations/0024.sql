-- which message told a notice -----------------------------------------------------------------------------------------

alter table delivery.notice add column source text;
comment on column delivery.notice.source is 'That of the messages that told it; null: not told, or told before 0024.';
create index notice_by_rule on delivery.notice (rule_id, notice_id);

update delivery.notice
set source = message.source
from delivery.message
where message.source = 'rule:' || notice.rule_id || ':notice:' || notice.notice_id;
