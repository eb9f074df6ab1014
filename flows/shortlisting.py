"""What a selection chooses among: what is new is measured, and the best of all are looked at."""

from collections.abc import Sequence

from configs.schema import PodiumConfig
from flows.shared import fan_out, rules_of
from podium.candidate import Candidate, Evidence
from podium.measurement import Holdout
from podium.outcome import Production
from podium.plan import chunked
from podium.progress import Counter
from podium.ranking import Selection, choose
from podium.scanned import Scanned
from podium.shortlist import Seen, Shortlist
from podium.standing import free_champion
from tasks.candidates import discover, list_best, list_further, look_for_news, register, remember
from tasks.measurement import measure_chunk


def measure_news(config: PodiumConfig, holdout: Holdout) -> None:
    """Measure what is new, and register nothing: that is for whoever alone may decide."""
    _measure(config, holdout, look_for_news(config.mlflow, holdout).unmeasured)


def measured(config: PodiumConfig, holdout: Holdout | None) -> Seen:
    """Measure and register what is new, and return what was seen of the experiment.

    With no holdout everything is looked at each time, for claims are under no one name that a server could sort by.
    """
    if holdout is None:
        return Seen(Scanned(), tuple(register(config.mlflow, discover(config.mlflow))))
    news = look_for_news(config.mlflow, holdout)
    done = register(config.mlflow, _measure(config, holdout, news.unmeasured))
    register(config.mlflow, news.unregistered)
    return Seen(remember(config.mlflow, holdout, news, done), tuple(c for c in done if c.unmeasured))


def previewed(config: PodiumConfig, holdout: Holdout | None) -> Seen:
    """Return what is to be seen of the experiment as far as it is measured already. Writes nothing."""
    if holdout is None:
        return Seen(Scanned(), tuple(discover(config.mlflow)))
    news = look_for_news(config.mlflow, holdout)
    lacking = (c if c.unmeasured else c.without_measurement("not measured yet") for c in news.unmeasured)
    return Seen(news.now, tuple(lacking))


def _measure(config: PodiumConfig, holdout: Holdout, found: Sequence[Candidate]) -> list[Candidate]:
    new = [c for c in found if not c.unmeasured]
    if not new:
        return list(found)
    parts = chunked(new, config.runner.workers, config.sandbox.models_per_process)
    count = Counter("measuring candidates", len(new))
    others = [c for c in found if c.unmeasured]
    return others + fan_out(config, measure_chunk, parts, holdout=holdout, count=count)


def shortlisted(config: PodiumConfig, holdout: Holdout | None, seen: Seen, production: Production) -> Shortlist:
    """Return the candidates to choose among."""
    if holdout is None:
        return Shortlist(seen.lacking)
    rules, count = rules_of(config, "holdout", holdout), config.policy.evidence.shortlist
    listed = list_best(config.mlflow, holdout, rules, count, production.logged_model_id, seen.scanned)
    return listed.joined(seen.lacking)


def ranked(
    config: PodiumConfig, holdout: Holdout | None, listed: Shortlist, production: Production
) -> tuple[Selection, Shortlist]:
    """Return what the numbers say of a shortlist, which grows for as long as somebody beyond it could matter."""
    basis: Evidence = "holdout" if holdout else "recorded"
    rules, champion, evidence = rules_of(config, basis, holdout), production.logged_model_id, config.policy.evidence
    wanted = evidence.shortlist if evidence.confidence is not None else 1
    while True:
        candidates = free_champion(listed.candidates(rules.primary), production)
        selection = choose(candidates, champion, rules, basis, listed.beyond(rules.primary))
        if holdout is None or listed.has_enough(selection, champion, wanted):
            return selection, listed
        listed = list_further(config.mlflow, holdout, rules, listed)
