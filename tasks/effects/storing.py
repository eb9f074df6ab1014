"""Stores a model as an MLflow model without pickle, with only those types trusted that were reviewed."""

import importlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd
from mlflow.exceptions import MlflowException
from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException

from podium.requirements import Requirements, requirements_of
from podium.reviewed import TRUSTED_IN_SKOPS
from podium.safety import named_in
from tasks.effects.described import describe, signature_of
from tasks.effects.installed import installed
from tasks.effects.mlmodel import mlmodel
from tasks.effects.prediction import NotUsableError
from tasks.effects.skops_file import dumps

SKOPS = "model.skops"
UNTRUSTED = re.compile(r"Untrusted types found in the file: \[(.*?)\]")
UNSUPPORTED = re.compile(r"Objects of type (\w+) are not supported")
EXAMPLE_ROWS = 5
SIGNATURE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Storing:
    """How one model is stored: its flavour, the packages inside it, the types that the config trusts.

    ``versions`` are those of libraries that it was trained with, as far as they are known.
    """

    flavour: str
    packages: frozenset[str]
    extra: frozenset[str]
    versions: Mapping[str, str]

    @property
    def requirements(self) -> Requirements:
        """What a process needs to load it."""
        return requirements_of(self.flavour, self.packages, installed, self.versions)

    def save(self, model: Any, rows: pd.DataFrame, answers: Any, out: Path) -> None:
        """Write the MLflow model, with the signature that some rows and the answers to them have.

        Raises:
            NotUsableError: it holds something that cannot be stored without pickle.
        """
        few = None if answers is None else answers[:SIGNATURE_ROWS]
        signature = signature_of(rows.head(SIGNATURE_ROWS), few)
        options = {"signature": signature, "input_example": rows.head(EXAMPLE_ROWS), **self._options()}
        with storable():
            if self.flavour == "sklearn":
                self._save_sklearn(model, out, options)
            else:
                importlib.import_module(f"mlflow.{self.flavour}").save_model(model, path=str(out), **options)
        if self.flavour == "lightgbm" and (out / SKOPS).exists():
            self._narrow_trust(out)

    def _save_sklearn(self, model: Any, out: Path, options: Mapping[str, Any]) -> None:
        """Let MLflow save a stand-in with everything that describes the model, and put the model in its place.

        MLflow loads what it saves once more, only to see whether it can be loaded. The parity check does that too, and
        for a forest each time is a good part of its migration.
        """
        content = dumps(model)
        describe(out, options, self._named(io.BytesIO(content)))
        (out / SKOPS).write_bytes(content)

    def _narrow_trust(self, out: Path) -> None:
        with (out / SKOPS).open("rb") as file, mlmodel(out) as stored:
            stored["flavors"][self.flavour]["skops_trusted_types"] = self._named(file)

    def _named(self, file: IO[bytes]) -> list[str]:
        """Return the trusted types that a model's schema names: its MLmodel should trust no more than it must."""
        with zipfile.ZipFile(file) as archive:
            return named_in(archive.read("schema.json").decode("utf-8"), self._trusted())

    def _trusted(self) -> frozenset[str]:
        return TRUSTED_IN_SKOPS | self.extra

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"pip_requirements": list(self.requirements.lines)}
        if self.flavour == "sklearn":
            options["serialization_format"] = "skops"
        if self.flavour != "xgboost":
            options["skops_trusted_types"] = sorted(self._trusted())
        return options


@contextmanager
def storable() -> Iterator[None]:
    """Turn the complaint of a safe format into an answer about the model."""
    try:
        yield
    except (MlflowException, UnsupportedTypeException, UntrustedTypesFoundException) as error:
        raise NotUsableError(f"it cannot be stored without pickle: {_obstacle(str(error))}") from error


def _obstacle(said: str) -> str:
    if named := UNTRUSTED.search(said):
        return f"it needs {named.group(1)}, not reviewed as safe"
    if named := UNSUPPORTED.search(said):
        return f"skops, its library's safe format, has none for a {named.group(1)}"
    return "its library's safe format refuses it"
