-- Whether any status file was ever accepted, so that a folder without one is no error.
--
-- reads   core.acceptance
select exists(select from core.acceptance where kind = 'store_status')
