"""A study as reports see it: its tables, and one row per method."""
