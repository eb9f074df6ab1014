"""A champion is degraded when labelled rows show it, and not because they are few or strange."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from podium.drift import Drift
from podium.measurement import Holdout, Predictions, Wanted
from podium.monitored import Batch, Monitored, Performance
from podium.monitoring import Limits, count_answers, monitoring_key, performance_of

LIMITS = Limits(drop=0.05, confidence=0.95, minimum_rows=100)
BATCH = Batch("b.parquet", "d", 10, 10)


def said_of(truth: Any, wrong: float, seed: int = 0) -> Predictions:
    """Predictions of which a share is wrong."""
    flip = np.random.default_rng(seed).random(len(truth)) < wrong
    return Predictions(np.where(flip, np.where(truth == "0", "1", "0"), truth))


def rows(count: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).choice(["0", "1"], count, p=[0.7, 0.3])


def looked(count: int, wrong: float, task: str = "classification") -> Performance:
    """How a champion that is wrong on 20 % of the holdout does on rows of which it calls a share wrongly."""
    truth = rows(2000)
    now = rows(count, 1)
    return performance_of(Holdout("h", "d", truth, "1"), said_of(truth, 0.2), now, said_of(now, wrong, 1), LIMITS)


def test_many_rows_with_more_mistakes_are_a_degraded_champion() -> None:
    """The number, its interval and what it was stand in one sentence."""
    found = looked(2000, 0.4)
    assert found.degraded
    assert found.low is not None
    assert found.value is not None
    assert found.low < found.value < 0.7
    assert found.sentence.startswith("f1_score is 0.5995 on 2,000 labelled rows (0.5791 to")
    assert found.sentence.endswith("and was 0.7989 on the holdout")


@pytest.mark.parametrize(("count", "wrong"), [(2000, 0.2), (2000, 0.24), (110, 0.27)])
def test_what_is_no_worse_than_allowed_or_not_shown_is_no_degradation(count: int, wrong: float) -> None:
    """As good as before, a little worse than before, and worse on rows that are too few to show it."""
    found = looked(count, wrong)
    assert not found.degraded
    assert found.reason is None


def test_a_loss_that_rises_is_degradation() -> None:
    """Less of an error is better."""
    generator = np.random.default_rng(0)
    truth = generator.normal(size=1000)
    holdout = Holdout("h", "d", truth, None, Wanted("rmse"), task="regression")
    empty = np.array([], dtype=np.str_)
    near, far = (Predictions(empty, numbers=truth + error * generator.normal(size=1000)) for error in (0.1, 1.0))
    assert performance_of(holdout, near, truth, far, LIMITS).degraded
    assert not performance_of(holdout, far, truth, near, LIMITS).degraded


@pytest.mark.parametrize(
    ("truth", "reason"),
    [
        (None, "the batch has no labels"),
        (rows(99), "99 labelled rows; 100 are asked for"),
        (np.array(["0"] * 195 + ["1"] * 5), "of the labelled rows there are 5 rows of class 1"),
        (np.full(200, "0"), "no labelled row is of class '1'"),
        (np.array(["0", "1", "maybe"] * 50), "the label 'maybe' is not among those of the holdout"),
    ],
)
def test_what_cannot_be_known_is_said_and_is_no_degradation(truth: Any, reason: str) -> None:
    """No labels, too few, of one class, or strange ones."""
    before = rows(500)
    said = said_of(truth, 0.5) if truth is not None else Predictions(np.array([], dtype=np.str_))
    found = performance_of(Holdout("h", "d", before, "1"), said_of(before, 0.1), truth, said, LIMITS)
    assert (found.degraded, found.value) == (False, None)
    assert found.reason is not None
    assert found.reason.startswith(reason)


def test_alerts_name_what_moved_most() -> None:
    """Degradation first, then the farthest columns, and how many more."""
    drifts = tuple(Drift(f"c{i}", i / 2, 0.25, 0.1, i > 1, "moved") for i in range(9))
    bad = Performance("f1_score", 500, 0.6, 0.58, 0.62, 0.8, 0.75, True)
    found = Monitored("3", "m", BATCH, drifts, bad, "k")
    assert found.state == "degraded and drifted"
    assert found.alerts[0].startswith("the champion is degraded: f1_score is 0.6000 on 500 labelled rows")
    assert found.alerts[1].startswith("drifted from the holdout: c8 (PSI 4.00; moved), c7")
    assert found.alerts[1].endswith("and 2 more")
    assert [row["column"] for row in found.as_json()["drift"]][:2] == ["c8", "c7"]


def test_the_same_look_has_the_same_key_wherever_the_batch_lies() -> None:
    """Another project, champion, holdout, metric, batch or limit makes another."""
    holdout, who, rules = Holdout("h", "d", rows(10), "1"), ("e", "churn", "3"), {"psi": 0.25, "batches": "/a"}
    first = monitoring_key(who, holdout, BATCH, rules)
    assert first == monitoring_key(who, holdout, BATCH, {**rules, "batches": "/b"})
    others = [
        monitoring_key(("e", "churn", "4"), holdout, BATCH, rules),
        monitoring_key(("e", "fraud", "3"), holdout, BATCH, rules),
        monitoring_key(who, replace(holdout, digest="i"), BATCH, rules),
        monitoring_key(who, replace(holdout, wanted=Wanted("roc_auc")), BATCH, rules),
        monitoring_key(who, holdout, replace(BATCH, digest="e"), rules),
        monitoring_key(who, holdout, BATCH, {**rules, "psi": 0.2}),
    ]
    assert len({first, *others}) == 7


def test_a_small_holdout_s_own_luck_is_no_degradation() -> None:
    """A champion that looked 0.1 better than it is on 150 rows is not called degraded by 5,000 rows."""
    truth, now = rows(150), rows(5000, 1)
    holdout = Holdout("h", "d", truth, "1")
    found = performance_of(holdout, said_of(truth, 0.12, 5), now, said_of(now, 0.2, 1), LIMITS)
    assert found.value is not None
    assert found.reference is not None
    assert found.reference - found.value > LIMITS.drop
    assert not found.degraded
    assert not found.is_good


def test_to_be_good_again_the_number_itself_must_be() -> None:
    """Not to be shown worse is not enough for an all-clear."""
    assert looked(2000, 0.2).is_good
    doubtful = looked(110, 0.29)
    assert (doubtful.degraded, doubtful.is_good) == (False, False)


def test_answers_of_another_shape_are_counted_by_their_labels() -> None:
    """Probabilities in one column are none that could be told apart."""
    labels = np.array(["0", "1", "1"])
    flat = Predictions(labels, ("0", "1"), np.array([0.1, 0.8, 0.6]))
    assert count_answers(flat, flat).bins[0] == "others"


def test_answers_are_counted_by_what_a_model_gives() -> None:
    """Chances of the last of two classes, numbers, or labels where there are neither or more classes."""
    labels = np.array(["0", "1", "1"])
    chances = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
    with_chances = Predictions(labels, ("0", "1"), chances)
    assert count_answers(with_chances, with_chances).bins[-1] == "missing"
    assert "below" in count_answers(with_chances, with_chances).bins[0]
    assert count_answers(with_chances, Predictions(labels)).bins == ("others", "missing")
