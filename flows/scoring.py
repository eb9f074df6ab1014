"""Scores rows: the champion's answers to a file of them, in a file beside which nothing half-written is ever seen."""

import time
from pathlib import Path

from configs.loading import load_config
from flows.alerting import telling
from flows.settlement import resume_interrupted
from flows.shared import fan_out
from podium.plan import chunked
from podium.progress import Counter, announce
from podium.scored import Scored
from tasks.effects.answers import folder_beside, require_files
from tasks.scoring import cut_rows, join_answers, score_blocks


@telling("score")
def score(rows: str, output: str, config_path: str | None = None, dry_run: bool = False) -> Scored:
    """Write the champion's answers to a file of rows, in their order, with the identifiers that the rows have.

    All of it is answered by the version that was in production at the start. Done again, the same is written again.

    Args:
        rows: Parquet or CSV file of rows with the columns the champion needs.
        output: Parquet or CSV file for the answers; one that is there is replaced once all are known.
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        dry_run: Only ask about the first rows, and write nothing.

    Raises:
        NegativeAnswerError: nothing is in production, or it does not answer these rows.
        UsageError: a file cannot be read or written.
    """
    began, config = time.perf_counter(), load_config(config_path)
    source, target = Path(rows), Path(output)
    require_files(source, target)
    if not dry_run:
        resume_interrupted(config)
    announce("reading the rows", detail=source.name)
    with folder_beside(target) as folder:
        scoring = cut_rows(config, source, folder.absolute(), dry_run)
        count, parts = Counter("scoring rows", len(scoring.blocks)), chunked(scoring.blocks, config.runner.workers)
        labels = fan_out(config, score_blocks, parts, scoring=scoring, count=count)
        if not dry_run:
            join_answers(scoring, set().union(*labels), target)
    took = time.perf_counter() - began
    return Scored(scoring.version, scoring.model_id, scoring.rows, took, rows, output, dry_run)
