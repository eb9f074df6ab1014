"""What a record says at another confidence is what a comparison of then would have said at it."""

import json
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.multiplicity import REPLAYED
from podium.recompared import shown_better
from podium.shown import Asked, Superiority
from podium.superiority import show_better
from tests.podium.classifiers import family, truth_of

MANY = Asked(confidence=0.95, resamples=6000, seed=1)


def compared(seed: int, asked: Asked, lifts: tuple[float, ...] = (0.0, 0.1, 0.3, 0.6)) -> Superiority:
    """The comparison of some challengers, one as good as the champion and others better."""
    generator = np.random.default_rng(seed)
    truth = truth_of(generator, 300)
    champion, *others = family(generator, truth, list(lifts))
    return show_better(truth, champion, {f"m{i}": m for i, m in enumerate(others)}, "f1_score", "yes", asked)


def better(found: Superiority) -> set[str]:
    """Who was shown to be better."""
    return {one.candidate for one in found.challengers if one.verdict == "better"}


def again(found: Superiority, asked: Asked) -> dict[str, str] | None:
    """The same by what is on record."""
    told = json.loads(json.dumps(found.as_json()))
    return shown_better(told, {one["candidate"]: one for one in told["challengers"]}, "f1_score", asked)


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 50), confidence=st.sampled_from(REPLAYED), minimum=st.sampled_from([-0.01, 0.0, 0.01, 0.05]))
def test_it_is_what_was_not_asked_then(seed: int, confidence: float, minimum: float) -> None:
    """For each confidence that a record speaks of, and any improvement."""
    other = replace(MANY, confidence=confidence, minimum_improvement=minimum)
    told = again(compared(seed, MANY), other)
    assert told is not None
    assert told.keys() == better(compared(seed, other))
    assert all("gains" in reason for reason in told.values())


def test_between_two_confidences_it_is_what_both_say_or_not_known() -> None:
    """A clear case is clear at both; where somebody is shown at the lower one alone, the record does not tell."""
    asked = replace(MANY, confidence=0.97)
    told = {seed: again(compared(seed, MANY), asked) for seed in range(25)}
    known = {seed: set(found) for seed, found in told.items() if found is not None}
    assert 0 < len(known) < len(told)
    assert known == {seed: better(compared(seed, asked)) for seed in known}


def test_a_record_of_before_tells_what_follows_from_its_one_confidence() -> None:
    """Nobody who was not shown is shown at a higher one, and who was is at a lower one; else it is not known."""
    told = compared(4, MANY, (0.0, 0.0, 3.0)).as_json() | {"criticals": {}}
    (_, least), names = (told["challengers"]), {one["candidate"]: one for one in told["challengers"]}
    nobody = {least["candidate"]: least}
    assert shown_better(told, nobody, "f1_score", replace(MANY, confidence=0.99)) == {}
    assert shown_better(told, names, "f1_score", replace(MANY, confidence=0.99)) is None
    assert shown_better(told, names, "accuracy", MANY) is None


def test_too_few_resamples_for_a_confidence_leave_nothing_on_record_of_it() -> None:
    """A bound of the most extreme few would be one of chance."""
    assert list(compared(1, replace(MANY, resamples=300)).criticals) == [0.8, 0.9, 0.95, 0.98]


def test_nothing_on_record_was_not_compared() -> None:
    """A comparison for which data were missing tells nothing of another policy."""
    told = Superiority("not enough data", "too few rows", "f1_score", 9, MANY).as_json()
    assert shown_better(told, {}, "f1_score", replace(MANY, confidence=0.9)) == {}
