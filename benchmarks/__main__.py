"""Runs every benchmark, the quick one first."""

from benchmarks import migration, startup

startup.main()
print()
migration.main()
