"""Fair benchmarks: the same requests to both sides in one run, cost counted as process CPU time."""
