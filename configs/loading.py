"""Reads the configuration: YAML first, environment over it, and errors that say what to write instead.

Environment variables are named ``PODIUM_<SECTION>__<KEY>``, for example ``PODIUM_POLICY__PRIMARY__METRIC=recall``.
``MLFLOW_TRACKING_URI`` is honoured too, below ``PODIUM_MLFLOW__TRACKING_URI`` and above the file.
"""

import os
import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings.exceptions import SettingsError

from configs.schema import PodiumConfig
from configs.wording import finding, known_keys, sentence
from podium.errors import ConfigError
from podium.logs import guard_logs
from podium.redaction import conceal_environment

DEFAULT_PATH = Path("configs/churn.yaml")
PATH_KEYS = (
    ("staging", "root"),
    ("holdout", "path"),
    ("training", "path"),
    ("export", "directory"),
    ("monitoring", "batches"),
)
SQLITE = "sqlite:///"
SECTIONS = frozenset(PodiumConfig.model_fields)
EVENTS = "PODIUM_EVENTS"
"""Variable of the environment: ``off``, and no events are told."""


class Distinct(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, of which YAML would drop the first in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return a mapping; raise ``YAMLError`` if a key is in it twice."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise yaml.constructor.ConstructorError(None, None, f"key {twice!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def podium_home() -> Path:
    """Return the folder of all embedded state: ``PODIUM_HOME``, else ``.podium`` in the working directory."""
    return Path(os.environ.get("PODIUM_HOME") or ".podium").absolute()


def config_path(given: str | Path | None = None) -> Path | None:
    """Return the file to read: the one given, else ``PODIUM_CONFIG``, else the default one if it is there."""
    named = given or os.environ.get("PODIUM_CONFIG")
    if named:
        return Path(named)
    return DEFAULT_PATH if DEFAULT_PATH.is_file() else None


def load_config(given: str | Path | None = None) -> PodiumConfig:
    """Return the validated configuration; from then on no log of this process shows a secret of the environment.

    Raises:
        ConfigError: the file cannot be read, or a key or value in it, or in the environment, is not allowed.
    """
    conceal_environment(os.environ)
    guard_logs()
    path = config_path(given)
    source = str(path) if path else "the built-in defaults"
    below = _anchored(_read(path), path.absolute().parent) if path else {}
    return _validated(source, _merged(below, _anchored(_environment(), Path.cwd())))


def load_policy(given: str | Path, project: PodiumConfig) -> PodiumConfig:
    """Return the configuration of a file that need hold no more than a policy; what it is about is the project's.

    Raises:
        ConfigError: it cannot be read, or a key or value is not allowed.
    """
    path = Path(given)
    values = _anchored(_read(path), path.absolute().parent)
    if project.holdout and "holdout" not in values:
        values["holdout"] = project.holdout.model_dump(mode="json", exclude_unset=True)
    return _validated(str(path), values)


def _validated(source: str, values: dict[str, Any]) -> PodiumConfig:
    try:
        return PodiumConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(sentence(source, error)) from None


def problems_of(path: Path) -> tuple[str, ...]:
    """Return every mistake in a config file, a sentence each; the environment does not count."""
    try:
        PodiumConfig.model_validate(_anchored(_read(path), path.absolute().parent))
    except ConfigError as error:
        return (str(error),)
    except ValidationError as error:
        return tuple(finding(str(path), problem) for problem in error.errors(include_url=False))
    return ()


def _read(path: Path) -> dict[str, Any]:
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=Distinct)  # noqa: S506 - a safe loader
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such config file; name one with --config or PODIUM_CONFIG") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not valid YAML: its values are nested too deeply to be read") from None
    except (yaml.YAMLError, ValueError) as error:
        # A ValueError is of a date that there is not, or of a number without end.
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if values is not None and not isinstance(values, dict):
        raise ConfigError(f"{path}: holds a {type(values).__name__}; sections such as 'mlflow:' are expected")
    # A section of which every key is commented out is one that is left at its defaults.
    return {key: value for key, value in (values or {}).items() if value is not None or key not in SECTIONS}


def _anchored(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the values with relative paths made absolute: those of a file start at its folder."""
    for section, key in PATH_KEYS:
        part = values.get(section)
        if isinstance(part, dict) and isinstance(part.get(key), str):
            part[key] = _absolute(folder, part[key])
    mlflow = values.get("mlflow")
    if isinstance(mlflow, dict) and str(mlflow.get("tracking_uri")).startswith(SQLITE):
        mlflow["tracking_uri"] = f"{SQLITE}{folder / mlflow['tracking_uri'].removeprefix(SQLITE)}"
    return values


def _absolute(folder: Path, given: str) -> str:
    """Return a path without ~ and .., or as it is given if there is no such path, which the schema then refuses."""
    try:
        return str((folder / Path(given).expanduser()).resolve())
    except (OSError, ValueError, RuntimeError):
        return str(folder / given)


class _PodiumVariables(EnvSettingsSource):
    """The variables of the environment that name a key of the configuration."""

    def __init__(self) -> None:
        super().__init__(
            PodiumConfig,  # type: ignore[arg-type]
            env_prefix="PODIUM_",
            env_nested_delimiter="__",
            env_parse_none_str="null",
        )


def _environment() -> dict[str, Any]:
    tracking = os.environ.get("MLFLOW_TRACKING_URI")
    below: dict[str, Any] = {"mlflow": {"tracking_uri": tracking}} if tracking else {}
    _refuse_unknown_sections()
    try:
        return _merged(below, _PodiumVariables()())
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        prefix = f"PODIUM_{field.group(1).upper() if field else ''}"
        names = ", ".join(sorted(name for name in os.environ if name.startswith(prefix)))
        raise ConfigError(f"environment: {names}: not valid JSON, which a list is written as") from None


def _refuse_unknown_sections() -> None:
    """Refuse a variable that names no section: a misspelt guardrail must not be one that never fires."""
    for name in os.environ:
        section = name.removeprefix("PODIUM_").split("__")[0].lower()
        if name.startswith("PODIUM_") and "__" in name and section not in SECTIONS:
            raise ConfigError(f"environment: {name}: unknown section; {known_keys([section])}")


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(cast(Mapping[str, Any], under), value) if both else value
    return merged
