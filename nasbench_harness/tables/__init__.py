"""Tabular benchmarks: one schema, several sources, fast lookups."""
