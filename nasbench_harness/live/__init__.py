"""A study seen from outside while it runs: what its folder tells, and how that is shown."""
