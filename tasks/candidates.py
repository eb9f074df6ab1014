"""Finds the candidates of the experiment, whoever logged them, and takes them into the registry.

What a selection costs depends on what is new and on how many it looks at, not on how many there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mlflow.entities import LoggedModel
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import MlflowSection
from podium.candidate import Candidate, Rules
from podium.measurement import Holdout
from podium.scanned import Scanned
from podium.shortlist import Shortlist
from podium.standing import held_back
from tasks.effects.describing import describe
from tasks.effects.looking import (
    SLACK,
    Reading,
    best,
    is_measured,
    mark,
    model_of,
    open_models,
    remembered,
    scan_tag,
)
from tasks.effects.store import HELD, Store, connect, find, logged_model_of, register_version
from tasks.effects.writing import BYTES, FILES, FINGERPRINT

IDENTITY = ("podium.model_id", FINGERPRINT, FILES, "podium.model_type", "podium.trained_at", BYTES)


@dataclass(frozen=True, slots=True)
class News:
    """What came to an experiment since the last selection on a holdout.

    ``before`` is what was remembered of it, ``now`` what is to be. ``unmeasured`` are candidates to measure,
    ``unregistered`` measured ones without a version. ``left`` are logged models that are not complete, ``open`` those
    that are marked as seen and not measured.
    """

    before: Scanned
    now: Scanned
    unmeasured: tuple[Candidate, ...] = ()
    unregistered: tuple[Candidate, ...] = ()
    left: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def discover(section: MlflowSection) -> list[Candidate]:
    """Return every complete model of the experiment as a candidate, with the metrics that it claims."""
    store = find(section)
    return describe(store, store.logged_models(), None) if store else []


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def look_for_news(section: MlflowSection, holdout: Holdout) -> News:
    """Return what is to be measured, or to be registered, of what came since the last selection. Writes nothing."""
    store = find(section)
    if store is None:
        return News(Scanned(), Scanned())
    before, waiting = remembered(store, holdout), open_models(store, holdout)
    reading, known = Reading(store, before), frozenset(model.model_id for model in waiting)
    news, measured = _sifted(store, holdout, waiting, News(before, before, open=known))
    for page in reading.pages():
        news, counted = _sifted(store, holdout, [m for m in page if m.model_id not in known], news)
        reading.place = reading.place.seen(counted)
    return replace(news, now=reading.place.seen(measured))


def _sifted(store: Store, holdout: Holdout, models: Sequence[LoggedModel], news: News) -> tuple[News, list[Candidate]]:
    """Return the news with what some models add to them, and those that are measured."""
    found = describe(store, models, holdout)
    has_numbers = {model.model_id for model in models if is_measured(model, holdout)}
    measured = [c for c in found if c.logged_model_id in has_numbers]
    added = replace(
        news,
        unmeasured=(*news.unmeasured, *(c for c in found if c.logged_model_id not in has_numbers)),
        unregistered=(*news.unregistered, *(c for c in measured if not c.version and not c.unmeasured)),
        left=news.left | {model.model_id for model in models} - {c.logged_model_id for c in found},
    )
    return added, measured


@task(cache_policy=NO_CACHE)
def remember(section: MlflowSection, holdout: Holdout, news: News, looked_at: Sequence[Candidate]) -> Scanned:
    """Note what was seen, and return it. ``looked_at`` are the unmeasured ones as they are after measuring.

    What could not be measured is marked first: killed in between, the next selection looks at all of it again.
    """
    store = connect(section)
    done = [c for c in looked_at if c.metrics and not c.unmeasured]
    waiting = (news.left | {c.logged_model_id for c in news.unmeasured}) - {c.logged_model_id for c in done}
    mark(store, holdout, waiting - news.open, news.open - waiting)
    now = news.now.seen(done)
    if now != news.before:
        store.client.set_experiment_tag(store.experiment_id, scan_tag(holdout), now.as_text())
    return now


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def list_best(
    section: MlflowSection, holdout: Holdout, rules: Rules, count: int, champion: str | None, seen: Scanned
) -> Shortlist:
    """Return the best measured candidates, at least ``count`` if there are as many, the champion, and who claims most.

    ``champion`` is a logged model's id, ``seen`` what is remembered of the experiment.
    """
    store = find(section)
    if store is None:
        return Shortlist(())
    models, more = best(store, holdout, rules.primary, count)
    leading = describe(store, models, holdout)
    wanted = [[champion] if champion else [], list(seen.claimants(rules.claimed))] if more else []
    known = {c.logged_model_id: c for c in leading}
    others = [c for ids in wanted for c in _first(store, holdout, ids, known)]
    return Shortlist(tuple(leading), tuple(others), seen.measured, more)


def _first(store: Store, holdout: Holdout, ids: Sequence[str], known: Mapping[str, Candidate]) -> list[Candidate]:
    """Return the first of some logged models that is a candidate, if one is; those known need not be asked for."""
    found = ([known[one]] if one in known else _one(store, holdout, one) for one in ids)
    return next((one for one in found if one), [])


def _one(store: Store, holdout: Holdout | None, logged_model_id: str) -> list[Candidate]:
    model = model_of(store, logged_model_id)
    return describe(store, [model], holdout) if model else []


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def list_further(section: MlflowSection, holdout: Holdout, rules: Rules, listed: Shortlist) -> Shortlist:
    """Return a shortlist with as many again."""
    store = connect(section)
    models, more = best(store, holdout, rules.primary, max(len(listed.leading), SLACK), listed.more)
    return listed.grown(describe(store, models, holdout), more)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def candidate_now(section: MlflowSection, holdout: Holdout | None, promoted: Mapping[str, str]) -> Candidate | None:
    """Return the candidate of a version that a record promotes as it is now, None if it is none any more."""
    store = connect(section)
    model_id = logged_model_of(store.client.get_model_version(store.registered_model, promoted["version"]))
    return next(iter(_one(store, holdout, model_id)), None) if model_id else None


@task(cache_policy=NO_CACHE)
def register(section: MlflowSection, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates, each with a version: those that plain MLflow logged get one now."""
    store = connect(section)
    return [c if c.version or c.unmeasured else _registered(store, c) for c in candidates]


def _registered(store: Store, candidate: Candidate) -> Candidate:
    own = {name: candidate.tags[name] for name in IDENTITY if name in candidate.tags}
    tags = {"podium.model_id": candidate.model_id, **own}
    version = register_version(store, candidate.logged_model_id, candidate.run_id, tags)
    # Its model may be held from before; by what it is freed is known only now.
    held = held_back(candidate.tags.get(HELD), version) if candidate.held else None
    return replace(candidate, version=version, held=held)
