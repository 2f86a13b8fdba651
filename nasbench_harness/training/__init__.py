"""Stand-alone training: one architecture from fresh weights, as a benchmark's table was made."""
