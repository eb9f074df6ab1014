"""Migrates the staged models into MLflow: read, plan, convert and write, account for every one."""

import time

from prefect.artifacts import create_table_artifact

from configs.loading import load_config
from configs.schema import PodiumConfig
from flows.alerting import telling
from flows.settlement import resume_interrupted
from flows.shared import fan_out
from podium.errors import UnfinishedError
from podium.inventory import take_inventory
from podium.measurement import Holdout
from podium.plan import MigrationPlan, MigrationReport, Outcome, chunked, plan_migration, planned
from podium.progress import Counter
from tasks.effects.locks import one_migration
from tasks.measurement import load_holdout
from tasks.migration import migrate_chunk
from tasks.registry import known_models, note_aliases, settle_interrupted
from tasks.staging import read_staging


@telling("migrate")
def migrate(config_path: str | None = None, dry_run: bool = False) -> MigrationReport:
    """Bring every staged model that MLflow does not hold yet into it; what cannot be brought is quarantined.

    Quarantined models are listed in an artifact of the run, so that whoever looks at a deployment sees them.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        dry_run: Only say what would be done, and write nothing.

    Raises:
        UnfinishedError: MLflow went away meanwhile; its answer is the report of what is done and what is left.
    """
    started = time.perf_counter()
    config = load_config(config_path)
    holdout = load_holdout(config)
    if dry_run:
        plan = _plan(config)
        return MigrationReport(plan.decided + planned(plan.todo), time.perf_counter() - started, dry_run=True)
    resume_interrupted(config)
    with one_migration(config.mlflow):
        settle_interrupted(config.mlflow)
        plan = _plan(config)
        migrated = _migrated(config, plan, holdout)
        if aliases := plan.aliases_after(migrated):
            note_aliases(config.mlflow, aliases)
    report = MigrationReport(plan.decided + migrated, time.perf_counter() - started)
    if quarantined := report.of("quarantined"):
        create_table_artifact([o.as_json() for o in quarantined], "podium-quarantine", report.counts())
    if left := report.of("left"):
        raise UnfinishedError(f"{report.counts()}; {left[0].reason}", report)
    return report


def _plan(config: PodiumConfig) -> MigrationPlan:
    staged = read_staging(config.staging.root, config.staging.timezone, config.staging.preprocessors)
    id_columns = config.holdout.id_columns if config.holdout else ()
    return plan_migration(take_inventory(staged, id_columns).models, known_models(config.mlflow))


def _migrated(config: PodiumConfig, plan: MigrationPlan, holdout: Holdout | None) -> tuple[Outcome, ...]:
    count = Counter("migrating models", len(plan.todo))
    parts = chunked(plan.todo, config.runner.workers)
    return plan.completed(fan_out(config, migrate_chunk, parts, holdout=holdout, count=count))
