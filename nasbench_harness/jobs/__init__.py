"""What runs: a trial from start to end, and the executors that run many."""
