"""Accuracy regression checks: baselines under version control, and a study held against one.

Importing this package loads nothing heavy; numpy and scipy come with its modules.
"""
