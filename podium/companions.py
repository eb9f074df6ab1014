"""Tells whether a file that is called as a companion of a model is one itself, by the classes that it would import."""

import re
from collections.abc import Iterable

from podium.kinds import NO_MODEL, type_in
from podium.pairing import is_companion_name
from podium.stand_ins import Name

EXPLAINERS = frozenset({"shap", "lime"})
"""Libraries whose objects hold a model to explain it, and are none."""
BOOSTERS = frozenset({"xgboost", "lightgbm", "catboost"})
ESTIMATOR = re.compile(r"(?:Classifier|Regressor)(?:CV)?")
AROUND = frozenset({"Pipeline", "GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "CalibratedClassifierCV"})
"""Classes that are what is in them."""
SELECTS = re.compile(r"Selector|SelectFrom|RFE")
"""Classes that may hold an estimator to select by it."""


def is_model(names: Iterable[Name]) -> bool:
    """Whether the first class of a file is a trained estimator's; ``names`` are all, in order, the outermost first."""
    classes = [name for name in names if not name.module.startswith("copyreg")]
    if classes and classes[0].name in AROUND:
        # What comes after a selector may be no more than what it selects by.
        classes = [name for name in classes[1:] if SELECTS.search(name.name) or _is_estimator(name)]
    return bool(classes) and _is_estimator(classes[0])


def _is_estimator(name: Name) -> bool:
    library = name.module.partition(".")[0]
    if library in EXPLAINERS or NO_MODEL.search(name.name) or is_companion_name(name.name.lower()):
        return False
    return library in BOOSTERS or type_in(name.name) is not None or ESTIMATOR.search(name.name) is not None
