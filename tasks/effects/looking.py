"""Looks through the logged models of an experiment: those that came since the last time, and the best of all.

MLflow finds what has a number or a tag, and cannot be asked for what has none. So the list of all models, oldest first,
is read on from where it was left. MLflow's own mark of that place, a page token, depends on no clock. Another model at
that place than the one that stood there means that the list changed before it; then it is read from its beginning.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlflow.entities import LoggedModel
from mlflow.exceptions import MlflowException

from podium.measurement import Holdout
from podium.metrics import LOWER_IS_BETTER
from podium.scanned import Scanned, parse_scanned
from tasks.effects.gone import if_there
from tasks.effects.store import Store
from tasks.effects.writing import PREFIX

OLDEST_FIRST = [{"field_name": "creation_timestamp", "ascending": True}]
PAGE = 500
SLACK = 16
"""Models beyond those asked for, so that a few that tie at the end rarely need another page."""
Page = tuple[Sequence[LoggedModel], str | None]


def open_tag(holdout: Holdout) -> str:
    """Return the tag of a logged model that was seen and could not be measured on a holdout yet."""
    return f"podium.unmeasured.{holdout.digest[:12]}"


def scan_tag(holdout: Holdout) -> str:
    """Return the tag of an experiment that remembers where its list was left."""
    return f"podium.scanned.{holdout.digest[:12]}"


def is_measured(model: LoggedModel, holdout: Holdout) -> bool:
    """Whether a logged model has numbers on a holdout, under the name and digest by which it is asked for."""
    wanted = (holdout.name, holdout.digest)
    return any((m.dataset_name, m.dataset_digest) == wanted and m.key.startswith(PREFIX) for m in model.metrics or [])


def remembered(store: Store, holdout: Holdout) -> Scanned:
    """Return what the last selection on a holdout remembered of the experiment."""
    return parse_scanned(store.client.get_experiment(store.experiment_id).tags.get(scan_tag(holdout)))


def open_models(store: Store, holdout: Holdout) -> list[LoggedModel]:
    """Return the logged models that an earlier selection saw and did not measure."""
    return store.logged_models(f"tags.`{open_tag(holdout)}` = 'yes'")


def mark(store: Store, holdout: Holdout, opened: Iterable[str], closed: Iterable[str]) -> None:
    """Mark logged models as seen and not measured, and take the mark from others; who is gone needs none."""
    for model_id in sorted(opened):
        with if_there():
            store.client.set_logged_model_tags(model_id, {open_tag(holdout): "yes"})
    for model_id in sorted(closed):
        with if_there():
            store.client.delete_logged_model_tag(model_id, open_tag(holdout))


@dataclass(slots=True)
class Reading:
    """The reading of a list from where it was left. ``place`` is where it is left next, once all pages were taken."""

    store: Store
    place: Scanned

    def pages(self) -> Iterator[Sequence[LoggedModel]]:
        """Give what came since, page by page; everything, with ``place`` begun anew, if the list changed before."""
        known = self._known()
        if known is None:
            self.place = Scanned()
        models, more = known or _oldest(self.store, None)
        token = self.place.page
        skipped = int(known is not None)
        while len(models) > skipped:
            yield models[skipped:]
            if more is None:
                self._leave(token, models)
                return
            token, skipped = more, 0
            models, more = _oldest(self.store, token)

    def _known(self) -> Page | None:
        """Return the page that begins with the last model seen, None if it does not any more."""
        if self.place.page is None:
            return None
        try:
            models, more = _oldest(self.store, self.place.page)
        except MlflowException as error:
            if error.error_code != "INVALID_PARAMETER_VALUE":
                raise
            return None
        return (models, more) if models and models[0].model_id == self.place.last else None

    def _leave(self, token: str | None, models: Sequence[LoggedModel]) -> None:
        """Note the mark of the last model of the last page, which is what a page that ends before it gives."""
        mark = _oldest(self.store, token, len(models) - 1)[1] if len(models) > 1 else token
        self.place = replace(self.place, page=mark, last=models[-1].model_id)


def _oldest(store: Store, token: str | None, count: int = PAGE) -> Page:
    found = store.client.search_logged_models(
        [store.experiment_id], order_by=OLDEST_FIRST, max_results=count, page_token=token
    )
    return list(found), found.token


def best(store: Store, holdout: Holdout, metric: str, count: int, token: str | None = None) -> Page:
    """Return the best models that were measured on a holdout, by a metric, and where the list goes on."""
    dataset = {"dataset_name": holdout.name, "dataset_digest": holdout.digest}
    order: list[dict[str, Any]] = [
        {"field_name": f"metrics.{PREFIX}{metric}", "ascending": metric in LOWER_IS_BETTER, **dataset}
    ]
    found = store.client.search_logged_models(
        [store.experiment_id], datasets=[dataset], order_by=order, max_results=count + SLACK, page_token=token
    )
    return list(found), found.token


def model_of(store: Store, logged_model_id: str) -> LoggedModel | None:
    """Return a logged model of the experiment, None if there is none of that id."""
    with if_there():
        found = store.client.get_logged_model(logged_model_id)
        return found if str(found.experiment_id) == store.experiment_id else None
    return None
