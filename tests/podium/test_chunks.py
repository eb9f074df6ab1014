"""Work is dealt out evenly: no worker is idle while another has a chunk more to do."""

from hypothesis import given
from hypothesis import strategies as st

from podium.plan import chunked


@given(items=st.integers(0, 400), workers=st.integers(1, 9), largest=st.integers(1, 40))
def test_each_worker_has_as_much_to_do(items: int, workers: int, largest: int) -> None:
    """Nothing is lost, no chunk is too large, and each worker's share of chunks and of items is that of the others."""
    chunks = chunked(range(items), workers, largest)
    assert sorted(item for chunk in chunks for item in chunk) == list(range(items))
    assert all(1 <= len(chunk) <= largest for chunk in chunks)
    assert len(chunks) % workers == 0 or len(chunks) == items
    shares = [sum(map(len, chunks[worker::workers])) for worker in range(workers)]
    rounds = -(-len(chunks) // workers)
    assert max(shares) - min(shares) <= max(rounds, 1)
