"""The explicit requirements of a stored model: what a process without Podium needs to load it."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

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


READS = {"scikit-learn": (1, 4), "xgboost": (3, 1), "lightgbm": (4, 3)}
"""The first version of each library that reads what the installed one stores, with the same answers. It was measured:
XGBoost 3.0 and earlier read what 3.2 stores without a word, and answer otherwise."""
STORING = ("mlflow", "skops")
SERIES = re.compile(r"(\d+)\.(\d+)(\.\d+)*(\.?(post|rc|a|b)\d+)?")


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a process needs to load a model; ``recorded`` if in the versions that the model was trained with."""

    lines: tuple[str, ...]
    recorded: bool


def requirements_of(
    flavour: str,
    packages: Iterable[str],
    installed: Callable[[str], str | None],
    recorded: Mapping[str, str] | None = None,
) -> Requirements:
    """Return the requirements of a model: in the versions it was trained with where those read it, else as converted.

    ``packages`` are those whose classes are inside it; ``installed`` gives the version of a distribution, or None;
    ``recorded`` are the versions that its metadata or its file tell. Companions that nobody recorded stand without a
    version beside an earlier series: what fits it is for the installer to find.
    """
    inside = [DISTRIBUTIONS.get(name, name) for name in sorted(packages) if name not in sys.stdlib_module_names]
    names = dict.fromkeys(("mlflow", *LIBRARIES[flavour], *inside))
    here = {name: version for name in names if (version := installed(name))}
    told = {name: version for name, version in _by_distribution(recorded or {}).items() if SERIES.fullmatch(version)}
    deciding = {name for name in {*inside, DISTRIBUTIONS[flavour]} if name in READS and name in here}
    if not all(_reads(name, told.get(name, ""), here[name]) for name in deciding):
        return Requirements(tuple(f"{name}=={version}" for name, version in here.items()), recorded=False)
    same = all(_minor(told[name]) == _minor(here[name]) for name in deciding)
    # What stores and loads is the installed one's, whatever the model was trained with.
    pins = {name: here[name] for name in here if same or name in STORING} | {
        name: version for name, version in told.items() if name not in STORING
    }
    return Requirements(tuple(_line(name, pins.get(name, "")) for name in here), recorded=True)


def _reads(name: str, recorded: str, installed: str) -> bool:
    """Whether the version that a model was trained with reads what the installed one stores."""
    return bool(recorded) and READS[name] <= _series(recorded) <= _series(installed)


def _line(name: str, version: str) -> str:
    return f"{name}=={version}" if version else name


def _series(version: str) -> tuple[int, ...]:
    found = SERIES.match(version)
    return (int(found.group(1)), int(found.group(2))) if found else (0,)


def _by_distribution(recorded: Mapping[str, str]) -> dict[str, str]:
    return {_distribution(name): said.lstrip("=v ") for name, said in recorded.items()}


def known_versions(recorded: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """Return the versions that a model was trained with: what its file says goes before what is recorded of it.

    ``said`` is by distribution; ``recorded`` as ``drift`` takes it.
    """
    return {name: version for name, version in recorded.items() if _distribution(name) not in said} | dict(said)


def disagreement(recorded: Mapping[str, str], said: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return a problem if a model's file says that other versions saved it than those recorded of it."""
    told = {name: version for name, version in _by_distribution(recorded).items() if SERIES.fullmatch(version)}
    other = [
        f"{name} {told[name]} is recorded, the file says {version}"
        for name, version in sorted(said.items())
        if name in told and _minor(told[name]) != _minor(version)
    ]
    return (Problem("versions-disagree", "; ".join(other)),) if other else ()


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
