"""What is on disk: folders, journals, checkpoints, tidy tables, their schema and versions."""
