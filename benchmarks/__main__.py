"""Runs every benchmark."""

from benchmarks import migration, startup

for benchmark in (startup, migration):
    benchmark.main()
