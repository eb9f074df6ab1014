"""Runs every benchmark, the quick ones first."""

from benchmarks import bootstrap, migration, startup

startup.main()
print()
bootstrap.main()
print()
migration.main()
