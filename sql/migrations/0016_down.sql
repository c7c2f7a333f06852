drop schema history cascade;
