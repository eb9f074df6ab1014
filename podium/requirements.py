"""The explicit requirements of a stored model: what a process without Podium needs to load it."""

from collections.abc import Callable, Iterable

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
    inside = (DISTRIBUTIONS.get(package, package) for package in sorted(packages))
    names = dict.fromkeys(("mlflow", *LIBRARIES[flavour], *inside))
    versions = {name: installed(name) for name in names}
    return [f"{name}=={version}" for name, version in versions.items() if version]
