"""A staged model as a value: what its folder holds, what it claims, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from podium.metrics import claims_of

Status = Literal["ready", "broken"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something found in a staged model: a stable code and a sentence a person can act on."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Above:
    """What a file above the folders of several models says of each of them; ``path`` is below the staging root."""

    path: str
    document: Mapping[str, Any]
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """What was read of the files of one staged model, before anything is made of it.

    ``metadata`` are its JSON files by name, those that say most first; ``beside`` the paths of its other files.
    ``fingerprint`` is the sha256 over the names and bytes of all its files, ``model_digest`` that of the model file
    alone; ``size`` is in bytes. ``preprocessors`` are files that prepare its rows, in order, each with its sha256.
    ``linked`` are those beside that are links, each with the file behind it, ``left`` the links that are not followed.
    ``above`` is what files further up say of several models, the nearest first: no part of the fingerprint.
    ``documents`` are the paths of the files of ``metadata``, in their order, each with the file to copy: of a link the
    one behind it. An entry of a file about many has none. ``unclaimed`` are companions near it that are nobody's.
    """

    name: str
    path: str
    model_file: str | None
    size: int
    format: str
    fingerprint: str
    model_digest: str
    metadata: tuple[tuple[str, str], ...]
    modified_at: datetime
    unreadable: str | None = None
    beside: tuple[str, ...] = ()
    preprocessors: tuple[tuple[str, str], ...] = ()
    linked: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()
    above: tuple[Above, ...] = ()
    documents: tuple[tuple[str, str], ...] = ()
    unclaimed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StagedModel:
    """A folder together with what its metadata says, parsed but not believed.

    ``recorded_metrics`` are by their full names, such as ``test_f1_score_macro``; ``found`` says where each field was
    read; ``versions`` are those of the libraries it was trained with, ``threshold`` the one its decisions were made by,
    ``feature_types`` the types of its columns in whatever words.
    """

    model_id: str
    folder: Folder
    model_type: str
    trained_at: datetime
    trained_at_source: str
    recorded_metrics: Mapping[str, float]
    hyperparameters: Mapping[str, Any]
    feature_columns: tuple[str, ...]
    confusion_matrix: Any = None
    threshold: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = field(default_factory=tuple)
    feature_types: Mapping[str, str] = field(default_factory=dict)

    @property
    def claims(self) -> dict[str, float]:
        """What it claims to score on new rows, by base metric: ``f1_score``, ``roc_auc`` and so on."""
        return claims_of(self.recorded_metrics)

    @property
    def fingerprint(self) -> str:
        """The identity of the model: the content of its folder."""
        return self.folder.fingerprint

    @property
    def status(self) -> Status:
        """``broken`` when a problem makes migration impossible, else ``ready``."""
        return "broken" if self.broken_reason else "ready"

    @property
    def broken_reason(self) -> str | None:
        """The first problem that makes migration impossible, if there is one."""
        return next((p.message for p in self.problems if p.code in BROKEN), None)

    def with_problems(self, found: tuple[Problem, ...]) -> "StagedModel":
        """Return the same model with further problems."""
        return replace(self, problems=self.problems + found)


BROKEN = frozenset({"no-model", "empty-model", "lfs-pointer", "unreadable", "unknown-format", "onnx", "old-format"})
