drop table delivery.notice, delivery.rule;
