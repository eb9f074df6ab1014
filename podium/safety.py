"""Rules on each name that a pickle asks for, before it is imported: what is not known to be needed is refused.

Names are listed one by one in ``podium.reviewed``; of scikit-learn, XGBoost, LightGBM and imbalanced-learn the
estimator classes are allowed by rule, because an estimator is built without running its arguments. One that later calls
what it holds can hold nothing but listed names.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from podium.inert import is_inert
from podium.reviewed import ALLOWED, KNOWN_PACKAGES

ESTIMATOR_PACKAGES = ("sklearn.", "xgboost.", "lightgbm.", "imblearn.")
WITHOUT_ESTIMATORS = ("sklearn.utils.", "sklearn.datasets.", "sklearn.externals.", "sklearn.experimental.")

OWN_CODE = "it carries code of its own, by cloudpickle, which is never run"


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a pickle may use a name.

    ``estimator`` means: only if it turns out to be an estimator class. ``unknown`` means: refused because nobody has
    reviewed it, and not because it is known to be of no use to a model.
    """

    allowed: bool
    estimator: bool
    reason: str
    unknown: bool = False


def rule_on(module: str, name: str, extra: Iterable[str] = ()) -> Ruling:
    """Return the ruling on one global of a pickle, before anything is imported.

    A dotted ``name`` would walk from an allowed object to whatever hangs on it, and is always refused.
    """
    full = f"{module}.{name}"
    if "." in name or name.startswith("__import"):
        return Ruling(False, False, f"{full} reaches through an attribute")
    if full in ALLOWED or full in frozenset(extra) or is_inert(module, name):
        return Ruling(True, False, f"{full} is listed")
    if _may_be_estimator(module, name):
        return Ruling(True, True, f"{full} is allowed if it is an estimator class")
    return _refused(module, name)


def _may_be_estimator(module: str, name: str) -> bool:
    elsewhere = module.startswith(WITHOUT_ESTIMATORS) or ".tests" in module
    return module.startswith(ESTIMATOR_PACKAGES) and not elsewhere and name.lstrip("_")[:1].isupper()


def _refused(module: str, name: str) -> Ruling:
    full, package = f"{module}.{name}", module.split(".")[0]
    if package == "__main__":
        why = f"it needs {name}, which was defined in the script that saved it: save it again with {name} in a module"
        return Ruling(False, False, why, unknown=True)
    if module.startswith("scipy.stats"):
        why = "it holds a distribution of SciPy, which executes text: save the best_estimator_ of the search alone"
        return Ruling(False, False, why, unknown=True)
    if package == "cloudpickle":
        return Ruling(False, False, OWN_CODE)
    if package in KNOWN_PACKAGES or package in sys.stdlib_module_names:
        return Ruling(False, False, f"the pickle asks for {full}, which no honest model needs")
    why = f"it needs {full}, which nobody reviewed: if you trust it, name it in sandbox.extra_globals"
    return Ruling(False, False, why, unknown=True)


NAMED_IN_SKOPS = re.compile(r'"__(?:class|module)__":\s*"([^"]+)"')
"""Where skops' schema names a class or a function, the only names that it holds against the trusted ones."""


def named_in(schema: str, types: Iterable[str]) -> list[str]:
    """Return the types whose class and module both occur in the text of a skops schema, sorted.

    It may name one too many, never one too few; all of them have been reviewed.
    """
    said = set(NAMED_IN_SKOPS.findall(schema))
    parts = {full: full.rpartition(".") for full in types}
    return sorted(full for full, (module, _, name) in parts.items() if name in said and module in said)
