"""Of several that claim the right to decide, one has it, whatever the order of their steps."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from podium.tickets import LEASE, MARGIN, Claim, Watch, ahead, is_lost, next_ticket


class Counter:
    """Who is inside now, the most that ever were, and how many were."""

    def __init__(self) -> None:
        self.inside, self.most, self.entered = 0, 0, 0

    def enter(self) -> None:
        self.inside, self.entered = self.inside + 1, self.entered + 1
        self.most = max(self.most, self.inside)


def contender(name: str, store: dict[str, Claim], counter: Counter) -> Iterator[None]:
    """Claim, decide and release; each step is one read or one write of the store."""
    store[name] = Claim(name, None, name, "0")
    yield
    seen = list(store.values())
    yield
    store[name] = replace(store[name], ticket=next_ticket(seen))
    yield
    while ahead(name, list(store.values())):
        yield
    counter.enter()
    yield
    yield
    counter.inside -= 1
    del store[name]


@given(st.data())
def test_never_two_at_once_and_all_in_the_end(data: st.DataObject) -> None:
    """Whatever the steps' order, at most one is inside, and everybody gets in."""
    store: dict[str, Claim] = {}
    counter = Counter()
    left = {name: contender(name, store, counter) for name in "dcba"[: data.draw(st.integers(2, 4))]}
    everybody = len(left)
    for _ in range(2000):
        if not left:
            break
        name = data.draw(st.sampled_from(sorted(left))) if len(left) > 1 and _ < 60 else sorted(left)[_ % len(left)]
        if next(left[name], "ended") == "ended":
            del left[name]
    assert (counter.most, counter.entered) == (1, everybody)


def test_a_beat_that_stands_still_for_a_lease_is_dead() -> None:
    """The waiter counts from when it first saw the beat, by its own clock; any change starts anew."""
    watch, claim = Watch(), Claim("a", 1, "host 1", "7")
    assert watch.dead([claim], 1000.0) == ()
    assert watch.dead([claim], 1000.0 + LEASE - 0.1) == ()
    assert watch.dead([replace(claim, beat="8")], 1000.0 + LEASE) == ()
    assert watch.dead([replace(claim, beat="8")], 1000.0 + 2 * LEASE) == (replace(claim, beat="8"),)


def test_the_holder_gives_up_before_it_is_taken_for_dead() -> None:
    """A renewal that is too long ago is none."""
    assert not is_lost(100.0, 100.0 + LEASE - MARGIN)
    assert is_lost(100.0, 100.1 + LEASE - MARGIN)
