"""Breaks exact ties: a total order by stated rules, whatever order the candidates come in."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from podium.candidate import Candidate, Rules
from podium.metrics import SECONDS

Key = Callable[[Candidate], Any]
SIMPLE_FIRST = (
    r"dummy|constant",
    r"logistic|linear|ridge|lasso|elastic|sgd|perceptron|discriminant|bayes|nb$",
    r"neighbo|knn|decisiontree|^tree$",
    r"svc|svm",
    r"forest|extratrees|bagging",
    r"xgb|lightgbm|lgbm|boost",
    r"mlp|neural|network",
    r"stacking|voting|ensemble",
)
"""Kinds of models, simplest first, as patterns of what they are called in small letters; any other comes last."""
MOST_NAMED = 3


def tie_keys(rules: Rules, champion: str | None) -> list[Key]:
    """Return the sort keys behind the primary metric, smallest first; the last one leaves nothing equal."""
    return [*(_key(rule, champion) for rule in rules.ties), lambda c: (c.model_id, c.logged_model_id)]


def tie_reasons(ordered: Sequence[Candidate], rules: Rules, champion: str | None) -> dict[str, str]:
    """Return by logged model id in words by which rule each candidate was put before or behind those it ties with."""
    keys = dict(zip((*rules.ties, "model_id"), tie_keys(rules, champion), strict=True))
    tied = defaultdict(list)
    for candidate in ordered:
        tied[candidate.worth(rules.primary)].append(candidate)
    groups = [group for group in tied.values() if len(group) > 1]
    return {k: reason for group in groups for k, reason in _reasons(group, keys, rules.primary)}


def _reasons(group: Sequence[Candidate], keys: dict[str, Key], primary: str) -> Iterable[tuple[str, str]]:
    deciding = next((name for name, key in keys.items() if len({repr(key(c)) for c in group}) > 1), "model_id")
    for candidate in group:
        others = [c.model_id for c in group[: MOST_NAMED + 1] if c is not candidate][:MOST_NAMED]
        rule = next((n for n, key in keys.items() if _splits(key, candidate, group)), deciding)
        yield candidate.logged_model_id, f"exact tie on {primary} with {', '.join(others)}; ordered by {rule}"


def _splits(key: Key, candidate: Candidate, group: Iterable[Candidate]) -> bool:
    own = key(candidate)
    return any(key(other) != own for other in group)


def _key(rule: str, champion: str | None) -> Key:
    named: dict[str, Key] = {
        "champion": lambda c: c.logged_model_id != champion,
        "simpler": lambda c: complexity(c.model_type),
        "faster": lambda c: (c.known(SECONDS) is None, c.known(SECONDS) or 0.0),
        "smaller": lambda c: (c.size is None, c.size or 0),
        "older": lambda c: c.trained_at,
    }
    return named.get(rule) or (lambda c: -c.worth(rule))


def complexity(model_type: str) -> int:
    """Return the place of a kind of model among all kinds, 0 for the simplest."""
    name = re.sub(r"[^a-z]", "", model_type.lower())
    return next((i for i, pattern in enumerate(SIMPLE_FIRST) if re.search(pattern, name)), len(SIMPLE_FIRST))
