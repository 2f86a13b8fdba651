"""Declared fields, and how their values are written: words, YAML, and what is wrong with them."""
