"""Migrates the staged models into MLflow: read, plan, convert and write, account for every one."""

import time

from prefect import flow

from configs.loading import load_config
from configs.schema import PodiumConfig
from flows.shared import fan_out
from podium.inventory import take_inventory
from podium.measurement import Holdout
from podium.plan import MigrationPlan, MigrationReport, Outcome, chunked, plan_migration, planned
from podium.progress import Counter
from tasks.effects.locks import one_writer
from tasks.measurement import load_holdout
from tasks.migration import migrate_chunk
from tasks.registry import known_models, note_aliases, settle_interrupted
from tasks.staging import read_staging


@flow(name="migrate", validate_parameters=False)
def migrate(config_path: str | None = None, dry_run: bool = False) -> MigrationReport:
    """Bring every staged model that MLflow does not hold yet into it; what cannot be brought is quarantined."""
    started = time.perf_counter()
    config = load_config(config_path)
    holdout = load_holdout(config.holdout)
    if dry_run:
        plan = _plan(config)
        return MigrationReport(plan.decided + planned(plan.todo), time.perf_counter() - started, dry_run=True)
    with one_writer(config.mlflow.registered_model):
        settle_interrupted(config.mlflow)
        plan = _plan(config)
        migrated = _migrated(config, plan, holdout)
        if plan.aliases:
            note_aliases(config.mlflow, dict(plan.aliases))
        return MigrationReport(plan.decided + migrated, time.perf_counter() - started)


def _plan(config: PodiumConfig) -> MigrationPlan:
    staged = read_staging(config.staging.root, config.staging.timezone)
    id_columns = config.holdout.id_columns if config.holdout else ()
    return plan_migration(take_inventory(staged, id_columns).models, known_models(config.mlflow))


def _migrated(config: PodiumConfig, plan: MigrationPlan, holdout: Holdout | None) -> tuple[Outcome, ...]:
    count = Counter("migrating models", len(plan.todo))
    parts = chunked(plan.todo, config.runner.workers)
    return tuple(fan_out(config, migrate_chunk, parts, holdout=holdout, count=count))
