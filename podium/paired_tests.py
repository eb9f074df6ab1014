"""Tests of two models on the same rows: McNemar's on what they decided, DeLong's on how they ranked.

They stand beside the bootstrap as a second opinion by other means. A case that allows no test says so in words, and
carries no number to decide by.
"""

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

TINY = 1e-12
"""Standard errors below this are rounding, not variation."""
Truth = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class McNemar:
    """McNemar's exact test: of the rows that only one of the two decided right, do more fall to one of them?

    ``p_value`` is two-sided; ``low`` and ``high`` bound the challenger's share of them (Clopper and Pearson, 1934).
    """

    only_challenger_right: int
    only_champion_right: int
    p_value: float
    low: float
    high: float
    confidence: float
    sentence: str

    @property
    def discordant(self) -> int:
        """Rows that exactly one of the two decided right."""
        return self.only_challenger_right + self.only_champion_right

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DeLong:
    """DeLong's test of two ROC AUCs on the same rows; what could not be computed is None, and the sentence says why.

    ``difference`` is challenger minus champion, ``low`` and ``high`` its interval, ``p_value`` two-sided.
    """

    champion_auc: float | None
    challenger_auc: float | None
    difference: float | None
    standard_error: float | None
    z: float | None
    p_value: float | None
    low: float | None
    high: float | None
    confidence: float
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)


def mcnemar(champion_right: Truth, challenger_right: Truth, confidence: float) -> McNemar:
    """Test whether one of two models decides more rows right; both arrays have shape (n,).

    Under the null each discordant row falls to either with probability one half (McNemar, 1947); the binomial
    distribution is used as it is, not its normal approximation.
    """
    ours = int(np.sum(challenger_right & ~champion_right))
    theirs = int(np.sum(champion_right & ~challenger_right))
    if ours + theirs == 0:
        return McNemar(0, 0, 1.0, 0.0, 1.0, confidence, "the two decide the same rows right: there is nothing to test")
    p_value = min(1.0, 2 * float(special.bdtr(min(ours, theirs), ours + theirs, 0.5)))
    low, high = _clopper_pearson(ours, ours + theirs, confidence)
    sentence = (
        f"of {ours + theirs} rows that only one of the two decides right, the challenger has {ours} and the champion "
        f"{theirs} (McNemar's exact test, p = {p_value:.3g})"
    )
    return McNemar(ours, theirs, p_value, low, high, confidence, sentence)


def _clopper_pearson(wins: int, rows: int, confidence: float) -> tuple[float, float]:
    """Return the exact interval of a share."""
    tail = (1 - confidence) / 2
    low = float(special.betaincinv(wins, rows - wins + 1, tail)) if wins else 0.0
    high = float(special.betaincinv(wins + 1, rows - wins, 1 - tail)) if wins < rows else 1.0
    return low, high


def delong(positive: Truth, champion: Values, challenger: Values, confidence: float) -> DeLong:
    """Test the difference of two ROC AUCs; all arrays have shape (n,), and scores are higher for the positive class.

    DeLong, DeLong and Clarke-Pearson, 1988; the components from midranks, in n log n, by Sun and Xu, 2014.
    """
    if min(positive.sum(), (~positive).sum()) < 2:
        return _untested(confidence, "DeLong's test needs two rows of each class")
    if not (np.isfinite(champion).all() and np.isfinite(challenger).all()):
        return _untested(confidence, "DeLong's test needs finite scores")
    theirs, ours = _components(positive, champion), _components(positive, challenger)
    aucs = float(theirs[0].mean()), float(ours[0].mean())
    error = float(np.sqrt(sum(np.var(b - a, ddof=1) / len(a) for a, b in zip(theirs, ours, strict=True))))
    return _tested(*aucs, error, confidence)


def _components(positive: Truth, score: Values) -> tuple[Values, Values]:
    """Return for each positive row the share of negatives below it, for each negative that of positives above it.

    Ties count half. One sort gives all: rows of the same score are a group, and the groups below it are counted.
    """
    order = np.argsort(score)
    ordered = score[order]
    group = np.cumsum(np.concatenate([[0], ordered[1:] != ordered[:-1]]))
    shares = np.empty((2, len(score)))
    for place, others in enumerate((~positive, positive)):
        counts = np.bincount(group, others[order])
        shares[place, order] = ((np.cumsum(counts) - counts / 2) / counts.sum())[group]
    return shares[0, positive], 1 - shares[1, ~positive]


def _untested(confidence: float, reason: str) -> DeLong:
    return DeLong(None, None, None, None, None, None, None, None, confidence, reason)


def _tested(champion: float, challenger: float, error: float, confidence: float) -> DeLong:
    gain = challenger - champion
    if error < TINY:
        alike = abs(gain) < TINY
        reason = "the two rank the rows alike" if alike else "the ranks do not vary, so that no error can be estimated"
        p_value = 1.0 if alike else None
        return DeLong(
            champion, challenger, gain, 0.0, None, p_value, None, None, confidence, f"DeLong's test: {reason}"
        )
    z, half = gain / error, NormalDist().inv_cdf((1 + confidence) / 2) * error
    p_value = 2 * NormalDist().cdf(-abs(z))
    sentence = f"ROC AUC {challenger:.4f} against {champion:.4f} (DeLong's test, z = {z:.3f}, p = {p_value:.3g})"
    return DeLong(champion, challenger, gain, error, z, p_value, gain - half, gain + half, confidence, sentence)
