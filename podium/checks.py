"""The verification of a production model: what was observed of it, and which checks that passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from podium.metrics import OF_NO_ANSWER, gap


@dataclass(frozen=True, slots=True)
class Check:
    """One check with its outcome and the numbers behind it."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What a model must do: its recorded holdout metrics and the limits of the policy.

    ``reproduces`` is false where it is asked about some of the rows only, whose metrics are not recorded;
    ``unknown_categories`` where it may raise on a text that is missing or that it does not know.
    """

    metrics: Mapping[str, float]
    tolerance: float
    latency_ms: float
    has_holdout: bool = True
    reproduces: bool = True
    unknown_categories: bool = True


@dataclass(frozen=True, slots=True)
class Observed:
    """What a fresh process saw of the model. ``errors`` maps a check to the exception it ended in."""

    seconds: float = 0.0
    signature: str = ""
    rows: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    single_rows: int = 0
    single_differences: int = 0
    latency_ms: float = 0.0
    categories: Sequence[str] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verification:
    """The checks of one version. ``pinned`` says in words that it is held against automatic change, if it is.

    ``latency_ms`` is the 95th percentile of a one-row prediction, 0 if it was not measured.
    """

    version: str | None
    model_id: str
    checks: tuple[Check, ...]
    pinned: str | None = None
    latency_ms: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether every check passed; none at all is not a pass."""
        return bool(self.checks) and all(c.passed for c in self.checks)

    @property
    def doubt(self) -> str | None:
        """The checks that failed, in words, or None if it passed."""
        failed = [f"{c.name}: {c.detail}" for c in self.checks if not c.passed]
        return None if self.passed else "; ".join(failed) or "nothing was checked"

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium verify``."""
        checks = [{"name": c.name, "passed": c.passed, "detail": c.detail} for c in self.checks]
        about = {"version": self.version, "model_id": self.model_id, "pinned": self.pinned}
        return {**about, "passed": self.passed, "checks": checks}


def judge(seen: Observed, wanted: Expected) -> tuple[Check, ...]:
    """Return every check of what was observed, in the order in which a model can fail."""
    checks = [_loads(seen)]
    if "loads" in seen.errors:
        return tuple(checks)
    checks.append(_signature(seen))
    checks.append(_predicts(seen, wanted))
    if not checks[-1].passed:
        return tuple(checks)
    reproduces = (_reproduces(seen, wanted),) if wanted.has_holdout and wanted.reproduces else ()
    return (*checks, *reproduces, _single(seen), _latency(seen, wanted), *_robust(seen, wanted))


def _failed(seen: Observed, name: str) -> Check | None:
    return Check(name, False, seen.errors[name]) if name in seen.errors else None


def _loads(seen: Observed) -> Check:
    return _failed(seen, "loads") or Check("loads", True, f"in a fresh process, {seen.seconds:.2f} s")


def _signature(seen: Observed) -> Check:
    return Check("signature", bool(seen.signature), seen.signature or "the model has no signature")


def _predicts(seen: Observed, wanted: Expected) -> Check:
    failed = _failed(seen, "predicts")
    if failed or wanted.has_holdout:
        return failed or Check("predicts", seen.rows > 0, f"{seen.rows:,} holdout rows in one batch")
    if not seen.rows:
        return Check("predicts", False, "no holdout is configured and the model has no input example: set holdout.path")
    return Check("predicts", True, f"{seen.rows} rows of its input example; without a holdout no metric is verified")


def _reproduces(seen: Observed, wanted: Expected) -> Check:
    name = "reproduces"
    known = {k: v for k, v in wanted.metrics.items() if k not in OF_NO_ANSWER}
    if not known:
        return Check(name, False, "no holdout metrics are recorded for this holdout: run `podium select` first")
    gaps = {k: gap(v, seen.metrics.get(k, float("inf"))) for k, v in known.items()}
    worst = max(gaps, key=lambda k: gaps[k])
    if worst not in seen.metrics:
        return Check(name, False, f"{worst} is recorded, but cannot be measured now")
    passed = gaps[worst] <= wanted.tolerance
    return Check(name, passed, f"{len(gaps)} holdout metrics, largest difference {gaps[worst]:.2g} ({worst})")


def _single(seen: Observed) -> Check:
    detail = f"{seen.single_rows} single rows, {seen.single_differences} answered otherwise than in the batch"
    return _failed(seen, "single-rows") or Check("single-rows", seen.single_differences == 0, detail)


def _latency(seen: Observed, wanted: Expected) -> Check:
    if "single-rows" in seen.errors:
        return Check("latency", False, "not measured: single rows failed")
    detail = f"95th percentile of one row {seen.latency_ms:.1f} ms, limit {wanted.latency_ms:g} ms"
    return Check("latency", 0 < seen.latency_ms <= wanted.latency_ms, detail)


def _robust(seen: Observed, wanted: Expected) -> tuple[Check, ...]:
    return tuple(_answers(seen, wanted, name) for name in ("missing-category", "unseen-category"))


def _answers(seen: Observed, wanted: Expected, name: str) -> Check:
    """Judge what became of rows with a text that is missing or unknown; whoever uses the model may see to that."""
    if name not in seen.errors:
        about = ", ".join(seen.categories[:3]) or "the model has no text column"
        return Check(name, True, f"{about}: answered")
    if not wanted.unknown_categories:
        return Check(name, True, f"verification.unknown_categories allows it: {seen.errors[name]}")
    return Check(name, False, f"{seen.errors[name]} (verification.unknown_categories: allow lets it)")
