drop index delivery.notice_by_rule;
alter table delivery.notice drop column source;
