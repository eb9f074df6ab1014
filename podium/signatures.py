"""What a service that calls the champion relies on: the columns it sends, and the types and classes it gets back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from podium.guardrails import Guardrail, not_measurable

NAME = "signature of the champion"


@dataclass(frozen=True, slots=True)
class Signature:
    """Types of the columns that a model takes, those of them it cannot do without, its answers' types, its classes."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    outputs: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


def judge_signature(own: Signature | None, champion: Signature | None) -> Guardrail:
    """Return whether a candidate can take the champion's place for whoever calls it."""
    if own is None or champion is None or not (own.inputs and champion.inputs):
        return not_measurable(NAME, None, "one of the two has no signature")
    problem = difference(own, champion)
    told = f"guardrail {NAME} {'fails: ' + problem if problem else 'holds'}"
    return Guardrail(NAME, "fail" if problem else "pass", None, None, told)


def difference(own: Signature, champion: Signature) -> str | None:
    """Return in words what a caller of the champion would stumble over, None if nothing."""
    missing = sorted(own.required - champion.inputs.keys())
    if missing:
        return f"it needs {', '.join(missing[:5])}, which the champion does not take"
    for name in sorted(own.inputs.keys() & champion.inputs.keys()):
        if own.inputs[name] != champion.inputs[name]:
            return f"column {name} is {own.inputs[name]}, the champion's is {champion.inputs[name]}"
    if own.outputs != champion.outputs:
        return f"it answers with {_listed(own.outputs)}, the champion with {_listed(champion.outputs)}"
    if sorted(own.classes) != sorted(champion.classes):
        return f"its classes are {_listed(own.classes)}, the champion's {_listed(champion.classes)}"
    return None


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) or "nothing that is known"
