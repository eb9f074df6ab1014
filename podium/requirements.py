"""The explicit requirements of a stored model: what a process without Podium needs to load it."""

from collections.abc import Callable, Sequence

LIBRARIES = {
    "sklearn": ("scikit-learn", "skops", "numpy", "pandas"),
    "xgboost": ("xgboost", "scikit-learn", "numpy", "pandas"),
    "lightgbm": ("lightgbm", "scikit-learn", "skops", "numpy", "pandas"),
}


def requirements_of(
    flavour: str, uses: Sequence[str], installed: Callable[[str], str], recorded: Sequence[str] = ()
) -> list[str]:
    """Return pinned requirements of a model.

    ``uses`` names further libraries whose estimators are inside a pipeline; ``installed`` gives the version of a
    distribution. What the metadata recorded wins over what is installed.
    """
    names = dict.fromkeys(("mlflow", *LIBRARIES[flavour], *uses))
    pinned = {name: f"{name}=={installed(name)}" for name in names}
    said = {r.split("==")[0].strip().lower(): r for r in recorded if "==" in r}
    return [said.get(name, pin) for name, pin in pinned.items()]
