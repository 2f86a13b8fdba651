"""Statistics over seeds: plain functions of arrays, which know no study."""
