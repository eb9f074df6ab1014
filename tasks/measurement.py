"""Measures candidates on the holdout: scores each in the sandbox and writes the numbers to MLflow."""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlflow.entities import Run
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import MlflowSection, PodiumConfig
from podium.candidate import Candidate
from podium.guardrails import Guardrail
from podium.measurement import Holdout, Measurement, differs
from podium.plan import parts_of
from podium.progress import Counter
from tasks.effects.describing import runs_of
from tasks.effects.holdout import read_holdout
from tasks.effects.keeping import document_of, measured_anew
from tasks.effects.locating import located
from tasks.effects.measuring import SAID, asked, score, score_each
from tasks.effects.scratch import scratch_folder
from tasks.effects.store import Store, connect
from tasks.effects.training_rows import logged_rows
from tasks.effects.writing import holdout_metrics, log_numbers, measured_tags, write_measurement

Matrix = dict[str, Any]
"""A confusion matrix as ``{"labels": […], "matrix": [[…]]}``."""
FEW = 100
"""Rows of the holdout that a version answers to show that it loads."""


@task(cache_policy=NO_CACHE)
def load_holdout(config: PodiumConfig) -> Holdout | None:
    """Return the holdout of a configuration with what is measured on it, or None if it has none.

    Raises:
        ConfigError: the configured holdout cannot be used.
    """
    return read_holdout(config.holdout, config.policy) if config.holdout else None


@task(cache_policy=NO_CACHE)
def measure_chunk(
    config: PodiumConfig, part: tuple[Candidate, ...], holdout: Holdout, count: Counter
) -> list[Candidate]:
    """Return the candidates with their holdout metrics, or with the reason why they have none."""
    store = connect(config.mlflow)
    batches = parts_of(part, config.sandbox.models_per_process)
    return [one for batch in batches for one in _Measuring(store, config, holdout, count).each(batch)]


@dataclass(frozen=True, slots=True)
class _Measuring:
    """What measuring some candidates has in common."""

    store: Store
    config: PodiumConfig
    holdout: Holdout
    count: Counter

    def each(self, batch: Sequence[Candidate]) -> Iterator[Candidate]:
        """Measure some candidates, and write what is found of each while the next one answers."""
        runs = runs_of(self.store, [c.kept_in for c in batch if c.kept_in])
        with scratch_folder() as folder:
            scratches = [folder / str(number) for number in range(len(batch))]
            for scratch in scratches:
                scratch.mkdir()
            with closing(self._found(batch, runs, scratches)) as found:
                for candidate, scratch, one in zip(batch, scratches, found, strict=True):
                    self.count.step(candidate.model_id)
                    yield self._noted(one, candidate, runs.get(candidate.kept_in or ""), scratch)

    def _found(
        self, batch: Sequence[Candidate], runs: Mapping[str, Run], scratches: Sequence[Path]
    ) -> Generator[Measurement, None, None]:
        """Measure by what was kept of the same rows, and ask only the models of which nothing is."""
        kept = [
            measured_anew(self.store, self.holdout, c, runs.get(c.kept_in or ""), scratch / SAID)
            for c, scratch in zip(batch, scratches, strict=True)
        ]
        new = [number for number, found in enumerate(kept) if found is None]
        asked = [batch[number] for number in new], [scratches[number] for number in new]
        with closing(score_each(self.store, self.config, self.holdout, *asked)) as answers:
            yield from (found or next(answers) for found in kept)

    def _noted(self, found: Measurement, candidate: Candidate, run: Run | None, scratch: Path) -> Candidate:
        if found.reason:
            return candidate.without_measurement(found.reason)
        if self.config.holdout:
            found = found.with_metrics(logged_rows(self.store, run, self.config.holdout.path))
        with located(self.store, run):
            own = candidate.run_id or (run.info.run_id if run else _measuring_run(self.store, candidate))
            _log(self.store, own, self.holdout, found, candidate, scratch)
        tags = {**candidate.tags, **measured_tags(found, candidate.tags)}
        size = candidate.size if candidate.size is not None or not found.files else found.files[1]
        return replace(
            candidate, metrics=found.metrics, identifiers=found.identifiers, tags=tags, size=size, kept_in=own
        )


@task(cache_policy=NO_CACHE)
def load_version(config: PodiumConfig, version: str) -> str | None:
    """Load a version in the sandbox and let it answer a few rows; return the reason if it does not."""
    store = connect(config.mlflow)
    with scratch_folder() as folder:
        answer = asked(store, config, f"models:/{store.registered_model}/{version}", folder, FEW)
        return answer.reason if answer.value is None else None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What was seen of a candidate right before its promotion: the reason against it, if any, and its mistakes.

    ``guardrails`` are those that only the model itself can show.
    """

    doubt: str | None
    matrix: Matrix | None = None
    guardrails: tuple[Guardrail, ...] = ()


@task(cache_policy=NO_CACHE)
def confirm(config: PodiumConfig, holdout: Holdout | None, candidate: Candidate) -> Confirmation:
    """Load a candidate that is about to be promoted, and compare its logged numbers with what it does."""
    store = connect(config.mlflow)
    with scratch_folder() as folder:
        if holdout is None:
            answer = asked(store, config, candidate.files, folder)
            return Confirmation(None if answer.value is not None else answer.reason)
        found = score(store, config, holdout, candidate, folder)
    doubt = found.reason or differs(candidate.metrics, found.metrics, config.verification.tolerance)
    return Confirmation(doubt, found.confusion_matrix)


def _log(store: Store, run_id: str, holdout: Holdout, found: Measurement, candidate: Candidate, scratch: Path) -> None:
    """Write holdout metrics to the logged model, and the confusion matrix beside it."""
    now = int(time.time() * 1000)
    documents = scratch / "documents"
    write_measurement(documents, holdout, found, scratch / SAID)
    store.client.log_artifacts(run_id, str(documents))
    log_numbers(store, run_id, holdout_metrics(holdout, found, candidate.logged_model_id, now))
    if tags := measured_tags(found, candidate.tags):
        store.client.set_logged_model_tags(candidate.logged_model_id, tags)


def _measuring_run(store: Store, candidate: Candidate) -> str:
    """Make a run for a model that was logged outside any, because MLflow keeps metrics by run."""
    run = store.client.create_run(store.experiment_id, run_name=f"measure {candidate.model_id}")
    store.client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


@task(cache_policy=NO_CACHE)
def confusion_matrix_of(section: MlflowSection, candidate: Candidate, digest: str) -> Matrix | None:
    """Return the confusion matrix that was measured of a candidate, or None if there is none to be found."""
    store = connect(section)
    run = runs_of(store, [candidate.kept_in]).get(candidate.kept_in) if candidate.kept_in else None
    matrix: Matrix | None = document_of(store, run, digest).get("confusion_matrix") if run else None
    return matrix
