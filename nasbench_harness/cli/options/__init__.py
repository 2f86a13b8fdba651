"""Options of the commands that have many: one declaration each, in groups of one subject."""
