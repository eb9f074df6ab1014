"""Asks the champion about a file of rows, block by block, each in the sandbox."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import PodiumConfig
from podium.progress import Counter
from podium.scored import Block, named_by
from tasks.effects.answers import cut, join, rows_of, write_answers
from tasks.effects.measuring import SAID, asked_each
from tasks.effects.prediction import load_predictions
from tasks.effects.production import champion_of, version_of_model
from tasks.effects.sandbox import Answer
from tasks.effects.scratch import scratch_folder

FEW = 100
"""Rows that a dry run asks about."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """What is asked about: the champion's version and name, and the rows of a file in blocks in a folder."""

    version: str
    model_id: str
    folder: Path
    name: str
    rows: int
    identifiers: tuple[str, ...]
    blocks: tuple[Block, ...]


@task(cache_policy=NO_CACHE)
def cut_rows(config: PodiumConfig, rows: Path, folder: Path, dry_run: bool) -> Scoring:
    """Cut a file of rows into blocks for the version that is in production now, whatever is promoted meanwhile.

    Raises:
        NegativeAnswerError: nothing is in production.
        UsageError: the file cannot be read, or holds no rows.
    """
    champion = champion_of(config.mlflow)
    count, columns, blocks = cut(rows, folder, FEW if dry_run else None)
    identifiers = named_by(config.holdout.id_columns if config.holdout else (), columns)
    return Scoring(champion.version, champion.model_id, folder, rows.name, count, identifiers, blocks)


@task(cache_policy=NO_CACHE)
def score_blocks(config: PodiumConfig, part: tuple[Block, ...], scoring: Scoring, count: Counter) -> list[set[str]]:
    """Write what the champion says of some blocks, and return the labels of each.

    Raises:
        NegativeAnswerError: it does not answer.
        PodiumError: its files could not be had, or it took too long.
    """
    champion = version_of_model(config.mlflow, scoring.version)
    found = []
    with scratch_folder() as scratch:
        files = [rows_of(scoring.folder, block.number) for block in part]
        with closing(asked_each(champion.store, config, champion.files, files, scratch)) as answers:
            for block, (folder, answer) in zip(part, answers, strict=True):
                about = f"{block} of {scoring.name}"
                champion.require(answer, about)
                said = load_predictions(folder / SAID)
                if said.count != block.rows:
                    champion.require(Answer(None, "", f"it gave {said.count} answers to {block.rows} rows"), about)
                found.append(write_answers(scoring.folder, block, said, scoring.version, scoring.identifiers))
                (folder / SAID).unlink()
                count.step(str(block))
    return found


@task(cache_policy=NO_CACHE)
def join_answers(scoring: Scoring, labels: set[str], output: Path) -> None:
    """Put the answers to all blocks into one file, which replaces what was there."""
    join(scoring.folder, len(scoring.blocks), labels, output)
