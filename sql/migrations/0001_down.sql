drop schema quality cascade;
drop schema report cascade;
drop schema core cascade;
