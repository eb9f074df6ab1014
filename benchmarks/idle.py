"""Migrates a root, then runs as many task runs that do nothing: what Prefect costs, beside what it is there for.

``python -m benchmarks.idle WARM_CONFIG CONFIG`` migrates the root of the first config to warm up, then that of the
second, and then runs a flow that spreads the same chunks of models over the same runner, to a task that only returns
them and tells what became of each. Prints the seconds of both flows, their own start and end included, and how many
task runs there were.
"""

import json
import sys
import time
from typing import Any

from benchmarks.warm import started_flow
from flows.cli import embedded

IDLE_ROUNDS = 3
REASON = "stored as xgboost; same predictions on 2,113 rows"


def idle_flow(models: tuple[Any, ...]) -> Any:
    """Return a flow that spreads models as a migration does, and leaves them alone; it returns its task runs.

    The models are no parameter of it, as they are none of the migration: Prefect would send them to its server.
    """
    from prefect import flow, task
    from prefect.artifacts import create_table_artifact
    from prefect.cache_policies import NO_CACHE

    from configs.schema import PodiumConfig
    from flows.shared import fan_out
    from podium.plan import chunked

    @task(cache_policy=NO_CACHE)
    def nothing(config: PodiumConfig, part: tuple[Any, ...]) -> tuple[Any, ...]:
        rows = [{"state": "migrated", "model_id": model.model_id, "reason": REASON} for model in part]
        create_table_artifact(rows, "idle-outcomes", "of some models")
        return part

    @flow(name="idle", validate_parameters=False)
    def idle(config: PodiumConfig) -> int:
        parts = chunked(models, config.runner.workers)
        fan_out(config, nothing, parts)
        return len(parts)

    return idle


def main() -> None:
    """Warm up, time the migration, and time the same without its work."""
    warm_up, path = sys.argv[1:3]
    migrate = started_flow()
    from configs.loading import load_config
    from tasks.staging import read_staging

    config = load_config(path)
    with embedded.unwatched():
        migrate(warm_up)
        began = time.perf_counter()
        migrate(path)
        seconds = time.perf_counter() - began
        models = tuple(read_staging.fn(config.staging.root))
        idle, idled = idle_flow(models), []
        for _ in range(IDLE_ROUNDS):
            began = time.perf_counter()
            runs = idle(config)
            idled.append(time.perf_counter() - began)
    print(json.dumps([seconds, sorted(idled), runs]))


if __name__ == "__main__":
    main()
