"""The two sides of ``benchmarks.ranking`` in one process, on the store of the environment's ``PODIUM_HOME``.

``python -m benchmarks.ranked CONFIG`` selects once, after which nothing is new; then times, in turn, what a selection
asks and ranks, and the straightforward ``mlflow.search_runs`` into a frame that is sorted. Prints their seconds, those
of a whole selection, and the two winners. Ends with an error if a selection with nothing new asks the sandbox for
anything, which is what loads models.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from flows.cli import embedded
from flows.cli.environment import prepare

ROUNDS = 3


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of some work, and what came of it."""
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


def query_and_rank(config_path: str) -> str:
    """Ask and rank as a selection does, and return the winner's logged model."""
    from configs.loading import load_config
    from flows.shared import rules_of
    from podium.ranking import choose
    from tasks.candidates import list_best, look_for_news
    from tasks.measurement import load_holdout
    from tasks.promotion import in_production

    config = load_config(config_path)
    holdout, rules = load_holdout.fn(config), rules_of(config, "holdout")
    assert holdout is not None
    news, champion = look_for_news.fn(config.mlflow, holdout), in_production.fn(config.mlflow).logged_model_id
    assert not news.unmeasured
    count = config.policy.evidence.shortlist
    listed = list_best.fn(config.mlflow, holdout, rules, count, champion, news.now)
    chosen = choose(listed.candidates(rules.primary), champion, rules, "holdout", listed.beyond(rules.primary))
    assert listed.has_enough(chosen, champion, count)
    assert chosen.best is not None
    return chosen.best.logged_model_id


def frame_and_sort(config_path: str) -> str:
    """Read every run into a frame, sort it, and return the first one's run."""
    import mlflow

    from configs.loading import load_config
    from tasks.effects.store import connect

    store = connect(load_config(config_path).mlflow)
    frame = mlflow.search_runs([store.experiment_id])
    return str(frame.sort_values("metrics.holdout_f1_score", ascending=False).iloc[0]["run_id"])


def main() -> None:
    """Select, then time both sides and print what was found."""
    config = sys.argv[1]
    prepare(verbose=False)
    embedded.start()
    from configs.loading import load_config
    from flows.selection import select
    from tasks.effects import sandbox
    from tasks.effects.store import connect

    embedded.await_ready()
    with embedded.unwatched():
        first, _ = timed(lambda: select(config))
        loaded = sandbox.sandbox().asked
        whole, outcome = timed(lambda: select(config))
        assert not outcome.recorded
        assert sandbox.sandbox().asked == loaded, "a model was loaded though nothing is new"
        rounds = [(timed(lambda: query_and_rank(config)), timed(lambda: frame_and_sort(config))) for _ in range(ROUNDS)]
    ours, theirs = ([one[side] for one in rounds] for side in (0, 1))
    model = connect(load_config(config).mlflow).client.get_logged_model(ours[0][1])
    assert model.source_run_id == theirs[0][1], "the winners are not the same"
    seconds = {"ours": [s for s, _ in ours], "theirs": [s for s, _ in theirs], "first": first, "whole": whole}
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
