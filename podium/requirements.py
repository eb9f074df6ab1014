"""The explicit requirements of a stored model: what a process without Podium needs to load it."""

import sys
from collections.abc import Callable, Iterable, Mapping

from podium.staged import Problem

LIBRARIES = {
    "sklearn": ("scikit-learn", "skops", "numpy", "pandas"),
    "xgboost": ("xgboost", "scikit-learn", "numpy", "pandas"),
    "lightgbm": ("lightgbm", "scikit-learn", "skops", "numpy", "pandas"),
}
DISTRIBUTIONS = {
    "imblearn": "imbalanced-learn",
    "lightgbm": "lightgbm",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "xgboost": "xgboost",
}
"""The distribution that brings a package, for packages whose names a model's file may ask for."""


def requirements_of(flavour: str, packages: Iterable[str], installed: Callable[[str], str | None]) -> list[str]:
    """Return the pinned requirements of a model.

    ``packages`` are those whose classes are inside it; ``installed`` gives the version of a distribution, or None. What
    the model's metadata recorded is of no use here: the model was just stored by the versions installed.
    """
    inside = [DISTRIBUTIONS.get(name, name) for name in sorted(packages) if name not in sys.stdlib_module_names]
    names = dict.fromkeys(("mlflow", *LIBRARIES[flavour], *inside))
    versions = {name: installed(name) for name in names}
    return [f"{name}=={version}" for name, version in versions.items() if version]


def drift(recorded: Mapping[str, str], installed: Callable[[str], str | None]) -> tuple[Problem, ...]:
    """Return a problem if a model was trained with other versions of its libraries than those installed.

    ``recorded`` is by package or distribution name, or by names such as ``sklearn_version``. Patch releases are no
    drift.
    """
    named = {_distribution(name): said for name, said in recorded.items()}
    here = {name: installed(name) for name in named}
    other = [
        f"{name} {said}, {here[name]} is installed"
        for name, said in sorted(named.items())
        if here[name] and _minor(said) != _minor(here[name] or "")
    ]
    return (Problem("version-drift", f"trained with {'; '.join(other)}"),) if other else ()


def _distribution(name: str) -> str:
    package = name.lower().removesuffix("_version").replace("_", "-")
    return DISTRIBUTIONS.get(package, package)


def _minor(version: str) -> tuple[str, ...]:
    return tuple(version.lstrip("=v<>~ ").split(".")[:2])
