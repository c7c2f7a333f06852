drop function core.analyze_staged();
