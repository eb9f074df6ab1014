"""Asks a model of MLflow about the holdout, in the sandbox: it may have been logged by anyone."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from configs.schema import PodiumConfig, SandboxSection
from podium.candidate import Candidate
from podium.labels import canonical
from podium.measurement import Holdout, Measurement, unmeasurable
from podium.measures import measure
from tasks.effects.mlmodel import is_plain
from tasks.effects.prediction import load_predictions
from tasks.effects.sandbox import Answer, Question, sandbox
from tasks.effects.staged_files import fingerprint_of, sha256_of
from tasks.effects.store import Store
from tasks.effects.writing import FINGERPRINT

SAID = "predictions.npz"
"""File of a scratch folder, and of what is kept of a measurement, that holds what a model said of the holdout."""
FETCHED = "registered_model_meta"
EFFECTS = "effects.npz"
"""File of a scratch folder that holds how a model's answers come about."""


def score(store: Store, config: PodiumConfig, holdout: Holdout, candidate: Candidate, scratch: Path) -> Measurement:
    """Return the holdout metrics of a candidate. ``scratch`` is this question's own; what it said is in ``SAID``."""
    (found,) = score_each(store, config, holdout, [candidate], [scratch])
    return found


def score_each(
    store: Store, config: PodiumConfig, holdout: Holdout, candidates: Sequence[Candidate], scratches: Sequence[Path]
) -> Generator[Measurement, None, None]:
    """Yield the holdout metrics of some candidates, as they come; what each said is in ``SAID`` of its scratch folder.

    What Podium stored is known by its fingerprint; of any other the content is told, too.

    Those share a process that hold nothing but parameters: code of somebody's own may change what others answer.
    """
    models = [_fetched(store, c.files, s) for c, s in zip(candidates, scratches, strict=True)]
    for group in _sharing(models):
        questions = [_question(config, m, scratches[i]) for i in group if not isinstance(m := models[i], Answer)]
        with closing(sandbox().ask_each("score", questions, config.sandbox)) as answers:
            for i in group:
                model, known = models[i], FINGERPRINT in candidates[i].tags
                if isinstance(model, Answer):
                    yield unmeasurable(model.reason)
                else:
                    found = _measured(holdout, next(answers), scratches[i])
                    yield found if known else replace(found, files=content_of(model))


def content_of(model: Path) -> tuple[str, int]:
    """Return the sha256 over the names and digests of a model's files, in hex, and how many bytes they have.

    What MLflow notes beside a model that it fetches by a version is none of them.
    """
    files = [f for f in model.rglob("*") if f.is_file() and f.name != FETCHED]
    return fingerprint_of(model, {f: sha256_of(f) for f in files}), sum(f.stat().st_size for f in files)


def _sharing(models: Sequence[Path | Answer]) -> Iterator[list[int]]:
    """Give the places of models, in their order, in groups that may share a process."""
    alone = [isinstance(model, Path) and not is_plain(model) for model in models]
    group: list[int] = []
    for place, apart in enumerate(alone):
        if group and (apart or alone[group[-1]]):
            yield group
            group = []
        group.append(place)
    if group:
        yield group


def _measured(holdout: Holdout, answer: Answer, scratch: Path) -> Measurement:
    if answer.value is None:
        return unmeasurable(answer.reason)
    columns = [answer.value.get(key, ()) for key in ("columns", "used")]
    return measure(holdout, load_predictions(scratch / SAID)).asked_by(holdout, *columns)


def asked(store: Store, config: PodiumConfig, files: str, scratch: Path, most: int | None = None) -> Answer:
    """Load a model in the sandbox and ask it about the holdout, or about its own example without one.

    ``files`` is the URI of its files; ``most`` is how many of the first rows it is asked about.
    """
    return _asked(store, config, files, scratch, "score", most=most)


def shapley(store: Store, config: PodiumConfig, files: str, scratch: Path) -> Answer:
    """Load a model in the sandbox and look how its answers to rows of the holdout come about.

    The Shapley values are in ``EFFECTS`` of the scratch folder.
    """
    positive = config.holdout.positive_class if config.holdout else None
    spelled = None if positive is None else canonical(positive)
    return _asked(store, config, files, scratch, "explain", effects=str(scratch / EFFECTS), positive=spelled)


def asked_each(
    store: Store, config: PodiumConfig, files: str, rows: Sequence[Path], scratch: Path
) -> Generator[tuple[Path, Answer], None, None]:
    """Yield for each of some files of rows a folder with what a model says of it in ``SAID``, and the answer."""
    model = _fetched(store, files, scratch)
    scratches = [scratch / str(number) for number in range(len(rows))]
    if isinstance(model, Answer):
        yield from ((scratch, model) for _ in rows)
        return
    for folder in scratches:
        folder.mkdir()
    questions = [_question(config, model, s, holdout=str(r)) for s, r in zip(scratches, rows, strict=True)]
    with closing(sandbox().ask_each("score", questions, config.sandbox)) as answers:
        yield from zip(scratches, answers, strict=True)


def _asked(store: Store, config: PodiumConfig, files: str, scratch: Path, operation: str, **more: Any) -> Answer:
    model = _fetched(store, files, scratch)
    if isinstance(model, Answer):
        return model
    [answer] = sandbox().ask_each(operation, [_question(config, model, scratch, **more)], config.sandbox)
    return answer


def _fetched(store: Store, files: str, scratch: Path) -> Path | Answer:
    """Return the folder that the files of a model were fetched to, or why they could not be."""
    folder = scratch / "files"
    folder.mkdir()
    try:
        model = Path(get_artifact_repository(files, store.uri).download_artifacts("", str(folder)))
    except (MlflowException, OSError) as error:
        return Answer(None, "gone", f"its files cannot be fetched: {str(error).splitlines()[0]}")
    if not (model / "MLmodel").is_file():
        return Answer(None, "gone", "its files are gone from the artifact store")
    return model.absolute()


def gate(section: SandboxSection) -> dict[str, Any]:
    """Return what is told to who loads a model of MLflow: what may be in it."""
    return section.model_dump(mode="json", include={"extra_globals", "memory_mb", "trust_logged"})


def _question(config: PodiumConfig, model: Path, scratch: Path, **more: Any) -> Question:
    section = config.holdout
    keys = {
        "model": str(model),
        "holdout": str(section.path) if section else None,
        "target": section.target if section else None,
        "id_columns": list(section.id_columns) if section else [],
        "task": section.task if section else None,
        "predictions": str(scratch / SAID),
        **gate(config.sandbox),
        **more,
    }
    return Question(scratch, keys)
