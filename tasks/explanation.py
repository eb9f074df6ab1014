"""Explains the champion: how much each column moves its answers, kept beside the run of its model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import PodiumConfig
from podium.explanation import Explanation, Sampled, effects_page, explained, rows_json
from podium.measurement import Holdout
from tasks.effects import measuring
from tasks.effects.production import Champion, champion_of
from tasks.effects.sandbox import Answer
from tasks.effects.scratch import scratch_folder

FOLDER = "explanation"


@task(cache_policy=NO_CACHE)
def explain_champion(config: PodiumConfig, holdout: Holdout, dry_run: bool) -> Explanation:
    """Return what the champion looks at, asked in the sandbox; unless it is a dry run, keep it as artifacts of its run.

    Explaining the same version on the same rows again writes the same files again.

    Raises:
        NegativeAnswerError: nothing is in production, or it does not answer.
    """
    champion = champion_of(config.mlflow)
    with scratch_folder() as folder:
        answer = measuring.shapley(champion.store, config, champion.files, folder)
        told = champion.require(answer, "what it looks at")
        sampled = _sampled(Path(folder, measuring.EFFECTS), told)
    champion.require(Answer(None if sampled.doubt else told, "", sampled.doubt or ""), "what it looks at")
    found = explained(champion.version, champion.model_id, sampled, dry_run)
    if dry_run or not champion.found.run_id:
        return found
    return _kept(champion, found.noted_in(champion.found.run_id), sampled, f"{FOLDER}/{holdout.digest[:12]}")


def _sampled(path: Path, told: Mapping[str, Any]) -> Sampled:
    with np.load(path, allow_pickle=False) as stored:
        columns = tuple(str(column) for column in told["columns"])
        effects, bases, values = (stored[name] for name in ("effects", "bases", "values"))
        return Sampled(columns, effects, bases, values, str(told["what"]), bool(told["steady"]))


def _kept(champion: Champion, found: Explanation, sampled: Sampled, place: str) -> Explanation:
    """Write what was found, row by row too, and the page that shows it."""
    documents = {
        "explanation.json": json.dumps(found.as_json(), indent=1),
        "rows.json": json.dumps(rows_json(sampled)),
        "explanation.html": effects_page(found),
    }
    for name, text in documents.items():
        champion.store.client.log_text(found.run_id, text, f"{place}/{name}")
    return found
