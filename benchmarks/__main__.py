"""Runs the quicker benchmarks, the quickest first."""

from benchmarks import bootstrap, migration, ranking, startup, verdict

startup.main()
print()
bootstrap.main()
print()
migration.main()
print()
verdict.main()
print()
ranking.main()
