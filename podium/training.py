"""Plans and accounts for a training: which kinds of model are new, which are there, and what came of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from podium.decision import digest_of
from podium.errors import ConfigError, UsageError

EDITION = 1
"""Raised when the same rows and settings give other models than before."""
State = Literal["trained", "there", "planned", "failed"]


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The rows to learn from, and what is known of them before they are.

    ``digest`` is the sha256 of the file, 32 digits of it; ``left_out`` are positions of rows that are in the holdout;
    ``numbers``, ``flags`` and ``texts`` are the feature columns by type.
    """

    name: str
    digest: str
    rows: int
    numbers: tuple[str, ...]
    flags: tuple[str, ...]
    texts: tuple[str, ...]
    overlap: int = 0
    left_out: tuple[int, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The feature columns."""
        return self.numbers + self.flags + self.texts

    def as_json(self) -> dict[str, Any]:
        """Return what identifies the rows, JSON-ready."""
        told = {"name": self.name, "digest": self.digest, "rows": self.rows, "features": list(self.features)}
        return told | {"overlap": self.overlap, "left_out": len(self.left_out)}


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of model to train. ``key`` is the same for the same rows, settings and code."""

    kind: str
    key: str
    iterations: int
    folds: int
    seed: int
    metric: str


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of one job. ``score`` is the mean over the folds, ``deviation`` its standard deviation."""

    kind: str
    state: State
    model_id: str | None = None
    run_id: str | None = None
    logged_model_id: str | None = None
    score: float | None = None
    deviation: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    reason: str = ""
    seen: bool = True
    """Whether a selection has taken it into the registry."""

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return {k: v for k, v in asdict(self).items() if k != "seen"}


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What came of every job, and of what rows."""

    data: TrainingSet
    metric: str
    candidates: tuple[Trained, ...]
    seconds: float
    dry_run: bool = False

    @property
    def failed(self) -> tuple[Trained, ...]:
        """The jobs that gave no model."""
        return tuple(c for c in self.candidates if c.state == "failed")

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium train``."""
        return {
            "candidates": [c.as_json() for c in self.candidates],
            "metric": self.metric,
            "dataset": self.data.as_json(),
            "warnings": [w for w in (overlap_warning(self.data),) if w],
            "seconds": self.seconds,
            "dry_run": self.dry_run,
        }


def overlap_warning(data: TrainingSet) -> str | None:
    """Return in words that rows are in the holdout too, if any are."""
    if not data.overlap:
        return None
    fate = "they were left out" if data.left_out else "a model that has seen them measures too well"
    return f"{data.overlap} of {data.rows + len(data.left_out)} training rows are in the holdout, too: {fate}"


def kinds_to_train(configured: Sequence[str], asked: Sequence[str] | None, known: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds that are asked for, else those configured.

    Raises:
        UsageError: one is not known, or none is named where some are to be.
    """
    known = tuple(known)
    if asked is not None and not asked:
        raise UsageError(f"--kinds: none is named; they are {', '.join(known)}")
    for kind in asked or ():
        if kind not in known:
            raise UsageError(f"--kinds: {kind!r} is no kind of model; they are {', '.join(known)}")
    return tuple(dict.fromkeys(asked or configured))


def require_apart(data: TrainingSet, overlap: str, same_file: bool, path: str) -> None:
    """Refuse rows that are those of the holdout.

    Raises:
        ConfigError: the file is the holdout, or rows of it are in the holdout and nobody said that this is well.
    """
    if same_file:
        raise ConfigError(f"training.path: {path} is the holdout: train on other rows than those that measure")
    if data.overlap and overlap == "refuse":
        raise ConfigError(
            f"training.path: {data.overlap} of {data.rows} rows of {path} are in the holdout, too; "
            "set training.overlap to drop to leave them out, or to warn to train on them"
        )


def key_of(job: Mapping[str, Any], data: TrainingSet, code: Mapping[str, str | None]) -> str:
    """Return the digest of all that a trained model follows from: rows, settings, and versions of the code."""
    rows = {"digest": data.digest, "left_out": list(data.left_out), "features": list(data.features)}
    return digest_of({"edition": EDITION, "job": dict(job), "data": rows, "code": dict(code)})[:32]


def name_of(kind: str, at: datetime, taken: Iterable[str]) -> str:
    """Return a model id such as ``xgboost_20250820_104603`` that nobody has; one that is taken counts on in seconds."""
    others = frozenset(taken)
    while (name := f"{kind}_{at:%Y%m%d_%H%M%S}") in others:
        at += timedelta(seconds=1)
    return name
