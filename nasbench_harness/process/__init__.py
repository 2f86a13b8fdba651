"""What the process runs in: its streams, its signals, and how it ends."""
