"""The tables of a report, a module a table, and the files they are written to."""
