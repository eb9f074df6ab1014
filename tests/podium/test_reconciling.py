"""What is declared and what is there become the same by the fewest steps."""

from podium.reconciling import Step, digest_of, reconcile


def test_only_what_differs_is_touched() -> None:
    """What is new is made, what differs is written, what is the same is left alone, what is not declared goes."""
    there = {"same": "1", "changed": "1", "by hand": None, "gone": "1"}
    steps = reconcile(there, {"same": "1", "changed": "2", "by hand": "1", "new": "1"})
    assert steps == (
        Step("same", "unchanged"),
        Step("changed", "updated"),
        Step("by hand", "updated"),
        Step("new", "created"),
        Step("gone", "removed"),
    )


def test_a_digest_is_of_what_is_said() -> None:
    """Keys and words of a list may come in any order; anything else makes another digest."""
    assert digest_of({"a": ["x", "y"], "b": 1}) == digest_of({"b": 1, "a": ["y", "x"]})
    assert digest_of({"a": [1, 2]}) != digest_of({"a": [2, 1]})
    assert digest_of({"a": 1}) != digest_of({"a": 2})
