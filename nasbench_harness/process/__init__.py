"""What the process runs in: streams, signals, names of files and folders, and how it ends."""
