"""A plan: what a selection would do, written down to be reviewed, and carried out only if nothing has changed since."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from podium.decision import canonical_json, digest_of, stable_digest
from podium.errors import NegativeAnswerError, UsageError
from podium.outcome import Production
from podium.ranking import Selection

FORM = 1
"""Raised when plans are written in another form."""
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it is stored: ``content`` without its own digest, which is ``sha256`` in hex."""

    content: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """The digest of the plan, by which the decision that carries it out names it."""
        return digest_of(dict(self.content))

    @property
    def text(self) -> str:
        """The plan as the text of a file."""
        return json.dumps({**self.content, "sha256": self.sha256}, indent=2, ensure_ascii=False, sort_keys=True) + "\n"

    @property
    def promotes(self) -> bool:
        """Whether there is anything to carry out."""
        return self.content["promotes"] is not None


def make_plan(
    selection: Selection, evidence: Mapping[str, Any], production: Production, *, model: str, code: str, at: str
) -> Plan:
    """Return the plan of a selection of a registered ``model``; ``code`` is Podium's version, ``at`` an ISO time."""
    told: dict[str, Any] = json.loads(canonical_json(dict(evidence)))
    content = {
        "podium_plan": FORM,
        "registered_model": model,
        "made_at": at,
        "code_version": code,
        "champion": production.champion,
        "verdict": selection.verdict,
        "promotes": _promotes(selection),
        "reasons": list(selection.reasons),
        "evidence": told,
        "evidence_digest": stable_digest(told),
    }
    return Plan(content)


def _promotes(selection: Selection) -> dict[str, Any] | None:
    winner = selection.promoted
    return {"model_id": winner.model_id, "logged_model_id": winner.logged_model_id} if winner else None


def read_plan(text: str, name: str) -> Plan:
    """Return the plan of a file's text; ``name`` is the file's.

    Raises:
        UsageError: it is no plan, one of another form, or was changed after it was written.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{name}: not a plan of `podium select --plan`: {error}") from None
    if not isinstance(found, dict) or found.get("podium_plan") != FORM:
        raise UsageError(f"{name}: not a plan of this version; write it again with `podium select --plan {name}`")
    plan = Plan({key: value for key, value in found.items() if key != "sha256"})
    if found.get("sha256") != plan.sha256:
        raise UsageError(f"{name}: it was changed after it was written; write it again with `podium select --plan`")
    return plan


def differences(
    plan: Plan, selection: Selection, evidence: Mapping[str, Any], production: Production, model: str
) -> tuple[str, ...]:
    """Return in words what is not as it was when a plan was made; nothing, if it may be carried out."""
    return tuple(_differences(plan.content, selection, evidence, production, model))


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that is to be carried out, and the file it came in."""

    plan: Plan
    file: str

    def require(self, selection: Selection, evidence: Mapping[str, Any], production: Production, model: str) -> None:
        """Raise NegativeAnswerError unless everything is as it was when the plan was made."""
        changed = differences(self.plan, selection, evidence, production, model)
        if changed:
            raise NegativeAnswerError(f"{self.file}: not carried out, since it was made: {'; '.join(changed)}")


def _differences(
    told: Mapping[str, Any], selection: Selection, evidence: Mapping[str, Any], production: Production, model: str
) -> Iterator[str]:
    if told["registered_model"] != model:
        yield f"it is about the registered model {told['registered_model']}, not {model}"
    if told["champion"] != production.champion:
        before, now = (f"version {v}" if v else "nothing" for v in (told["champion"], production.champion))
        yield f"in production was {before}, and is {now}"
    yield from _of_evidence(told["evidence"], json.loads(canonical_json(dict(evidence))))
    if told["evidence_digest"] == stable_digest(evidence) and told["promotes"] != _promotes(selection):
        yield f"it promotes {_named(told['promotes'])}, and the verdict is {selection.verdict}: {selection.reasons[0]}"


def _of_evidence(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if before["holdout"] != now["holdout"]:
        yield "the holdout, or what is measured on it, is another"
    if before["policy"] != now["policy"]:
        keys = sorted(k for k in {*before["policy"], *now["policy"]} if _value(before, k) != _value(now, k))
        yield f"the policy is another: {', '.join(keys)}"
    rows = [{r["logged_model_id"]: r for r in side["ranking"]} for side in (before, now)]
    yield from _named_if("new candidates", rows[1], rows[1].keys() - rows[0].keys())
    yield from _named_if("candidates that are gone", rows[0], rows[0].keys() - rows[1].keys())
    if before.get("beyond") != now.get("beyond"):
        yield "candidates that are not listed, of which there are others"
    both = rows[0].keys() & rows[1].keys()
    yield from _named_if(
        "candidates with other numbers", rows[1], {k for k in both if _known(rows[0][k]) != _known(rows[1][k])}
    )


def _value(side: Mapping[str, Any], key: str) -> Any:
    return side["policy"].get(key)


def _known(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["metrics"], row["recorded"], bool(row["unmeasured"])


def _named_if(what: str, rows: Mapping[str, Mapping[str, Any]], ids: set[str]) -> Iterator[str]:
    if ids:
        names = sorted(str(rows[k]["model_id"]) for k in ids)
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield f"{what}: {', '.join(names[:MOST_NAMED])}{more}"


def _named(promotes: Mapping[str, Any] | None) -> str:
    return str(promotes["model_id"]) if promotes else "nothing"
