"""Plans a migration: which staged models are new, which are known, which cannot be taken, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeVar

from podium.staged import StagedModel

T = TypeVar("T")
State = Literal["migrated", "skipped", "quarantined", "left"]
ENDS: tuple[State, ...] = ("migrated", "skipped", "quarantined")
"""What becomes of every staged model in a migration that comes to its end."""
STATES: tuple[State, ...] = (*ENDS, "left")


@dataclass(frozen=True, slots=True)
class Known:
    """A model that MLflow already holds, by its fingerprint."""

    model_id: str
    run_id: str
    version: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one staged model. ``code`` is stable, ``reason`` is for a person."""

    state: State
    model_id: str
    reason: str
    run_id: str | None = None
    version: str | None = None
    code: str = ""
    warning: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object without the state, which the list it stands in already says."""
        return {k: v for k, v in asdict(self).items() if k != "state"}


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """``todo`` is to be migrated; ``decided`` needs no work.

    ``aliases`` maps a version to further ids of its bytes, ``twins`` an id of ``todo`` to further ids of its bytes.
    """

    todo: tuple[StagedModel, ...]
    decided: tuple[Outcome, ...]
    aliases: Mapping[str, tuple[str, ...]]
    twins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """How many staged models there are."""
        return len(self.todo) + len(self.decided)

    def completed(self, done: Iterable["Outcome"]) -> tuple["Outcome", ...]:
        """Return the outcomes of all models of ``todo``; those that nobody told of are left."""
        told = {outcome.model_id: outcome for outcome in done}
        return tuple(told.get(model.model_id) or left(model, "nothing was heard of it") for model in self.todo)

    def aliases_after(self, done: Iterable["Outcome"]) -> dict[str, tuple[str, ...]]:
        """Return the further ids of every version, those included that were made by carrying out this plan."""
        new = {o.version: self.twins[o.model_id] for o in done if o.version and o.model_id in self.twins}
        return {**self.aliases, **new}


def plan_migration(models: Iterable[StagedModel], known: Mapping[str, Known]) -> MigrationPlan:
    """Return the plan for some staged models, given what MLflow holds by fingerprint.

    Of several folders with the same bytes the one with the first id is migrated, and the others are skipped.
    """
    todo: dict[str, StagedModel] = {}
    decided: list[Outcome] = []
    aliases: dict[str, tuple[str, ...]] = {}
    twins: dict[str, tuple[str, ...]] = {}
    for model in sorted(models, key=lambda m: m.model_id):
        if model.broken_reason:
            decided.append(_quarantined(model))
        elif model.fingerprint in known:
            held = known[model.fingerprint]
            decided.append(_skipped(model, held))
            if model.model_id not in (held.model_id, *held.aliases):
                aliases[held.version] = (*aliases.get(held.version, held.aliases), model.model_id)
        elif model.fingerprint in todo:
            first = todo[model.fingerprint]
            decided.append(_duplicate(model, first))
            twins[first.model_id] = (*twins.get(first.model_id, ()), model.model_id)
        else:
            todo[model.fingerprint] = model
    # The largest first: a large one left to the end would keep one worker busy and the others waiting.
    ordered = sorted(todo.values(), key=lambda m: (-m.folder.size, m.model_id))
    return MigrationPlan(tuple(ordered), tuple(decided), aliases, twins)


def _quarantined(model: StagedModel) -> Outcome:
    code = next(p.code for p in model.problems if p.message == model.broken_reason)
    return Outcome("quarantined", model.model_id, model.broken_reason or "", code=code)


def _skipped(model: StagedModel, held: Known) -> Outcome:
    same = model.model_id == held.model_id
    reason = "already migrated" if same else f"same bytes as {held.model_id}, which is already migrated"
    return Outcome("skipped", model.model_id, reason, held.run_id, held.version, "known", None if same else reason)


def _duplicate(model: StagedModel, first: StagedModel) -> Outcome:
    reason = f"same bytes as {first.model_id}"
    return Outcome("skipped", model.model_id, reason, code="duplicate", warning=reason)


def left(model: StagedModel, why: str) -> Outcome:
    """Return what to say of a model that a migration did not come to."""
    return Outcome("left", model.model_id, f"{why}; run the command again", code="left")


def planned(models: Iterable[StagedModel]) -> tuple[Outcome, ...]:
    """Return what a dry run says of the models that would be migrated."""
    return tuple(Outcome("migrated", m.model_id, "would be migrated", code="planned") for m in models)


def chunked(items: Sequence[T], workers: int, largest: int = 25) -> list[tuple[T, ...]]:
    """Return the items in chunks of at most ``largest``, so that orchestrating a chunk is cheap beside its work.

    Each worker gets as many chunks as any other, so that none is idle while another has its last. Items are dealt out
    in turn: where the largest come first, no chunk gets all of them.
    """
    rounds = -(-len(items) // (workers * largest))
    number = min(workers * rounds, len(items))
    return [tuple(items[i::number]) for i in range(number)]


def parts_of(items: Sequence[T], most: int) -> Iterator[tuple[T, ...]]:
    """Yield items in their order, at most so many at a time."""
    yield from (tuple(items[i : i + most]) for i in range(0, len(items), most))


def batched(models: Iterable[StagedModel], most: int, most_bytes: int = 64 << 20) -> Iterator[tuple[StagedModel, ...]]:
    """Yield models in batches that share a process: at most so many, and a large one alone, as it would fill a disk."""
    batch: list[StagedModel] = []
    for model in models:
        if batch and (len(batch) == most or sum(m.folder.size for m in (*batch, model)) > most_bytes):
            yield tuple(batch)
            batch = []
        batch.append(model)
    if batch:
        yield tuple(batch)


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What became of every staged model."""

    outcomes: tuple[Outcome, ...]
    seconds: float
    dry_run: bool = False

    def of(self, state: State) -> tuple[Outcome, ...]:
        """Return the outcomes of one state, by model id."""
        return tuple(sorted((o for o in self.outcomes if o.state == state), key=lambda o: o.model_id))

    def counts(self) -> str:
        """Return how many models came to which end, in words; none is lost: the ends add up to what was found."""
        ends = [f"{len(self.of(state))} {state}" for state in STATES if state in ENDS or self.of(state)]
        return f"{len(self.outcomes)} found: {', '.join(ends)}"

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium migrate``."""
        lists: dict[str, Any] = {state: [o.as_json() for o in self.of(state)] for state in STATES}
        return {**lists, "found": len(self.outcomes), "seconds": round(self.seconds, 3), "dry_run": self.dry_run}
