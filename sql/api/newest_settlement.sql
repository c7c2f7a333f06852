-- What answers about days and outages are as of. No row: nothing is settled yet.
--
-- reads   history.newest_settlement
select
    settlement_id,
    as_of
from history.newest_settlement
