"""Loads a model of MLflow, which anyone may have logged, after its files passed the gate that staged ones pass.

MLflow itself is no gate: an MLmodel names the code that loads it, and the types that skops shall trust. What passed is
loaded by plain MLflow all the same, as a service would. Runs in the sandbox, and in the process of a verification.
"""

import pickle
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium.streams import BrokenError, SuspectError
from tasks.effects.loading import load_staged
from tasks.effects.mlmodel import PLAIN
from tasks.effects.native import require_skops
from tasks.effects.prediction import NotUsableError
from tasks.effects.trees import sound

PROTOCOL = b"\x80"
"""How a pickle begins that MLflow writes."""
BOOSTER = "lightgbm.basic.Booster"
OF_XGBOOST = re.compile(r"xgboost\.(core\.Booster|sklearn\.XGB\w+)")
"""Classes that MLflow makes for XGBoost: it would call whatever name the MLmodel has in their place."""
REMEDY = "log it as sklearn, xgboost or lightgbm; or set sandbox.trust_logged, if you trust all who may log models"
Section = Mapping[str, Any]


def load_logged(request: Mapping[str, Any]) -> Any:
    """Return the pyfunc model of a folder; nothing of it is run that the gate refuses.

    Keys of the request: ``model`` (MLflow model directory), ``extra_globals``, ``memory_mb``, and ``trust_logged``:
    whether nothing is to be looked at.

    Raises:
        RefusedGlobalError, UnknownClassError, SuspectError, BrokenError, NotUsableError: as of a staged file.
    """
    from mlflow.pyfunc import load_model

    folder = Path(request["model"])
    if request["trust_logged"]:
        return load_model(str(folder))
    with _judged(folder, request["extra_globals"], request["memory_mb"] << 20) as safe:
        loaded = load_model(str(safe))
    sound(loaded.get_raw_model())
    return loaded


@contextmanager
def _judged(folder: Path, extra: Sequence[str], limit: int) -> Iterator[Path]:
    """Give a folder that MLflow may load: the model's own; of a pickle a copy, written anew from what the gate loaded.

    MLflow then reads no byte of a pickle of others, which could be one thing to the gate and another to Python.
    """
    stored = _stored(folder)
    if stored.form != "pickle":
        _require(stored, extra, limit)
        yield folder
        return
    model = _unpickled(stored.file, extra, limit)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copytree(folder, Path(scratch, "model"), ignore=lambda *_: [stored.file.name]))
        (copy / stored.file.name).write_bytes(pickle.dumps(model))
        yield copy


@dataclass(frozen=True, slots=True)
class _Stored:
    """The file of a model, and how MLflow would read it: ``pickle``, ``skops``, or the ``native`` way of a library."""

    file: Path
    form: str


def _stored(folder: Path) -> _Stored:
    """Return what MLflow would load.

    Raises:
        SuspectError, NotUsableError: it would run code, or files that count are elsewhere.
    """
    main, library = _flavours(folder)
    if main.get("code") or library.get("code"):
        raise NotUsableError(f"it brings code along, which is not run: {REMEDY}")
    if main["loader_module"] == "mlflow.sklearn":
        return _Stored(_file(folder, main.get("data", main.get("model_path"))), _form(library))
    if "data" in main:
        # MLflow takes the MLmodel that lies beside it.
        _file(folder, main["data"])
    kind = str(library.get("model_class", BOOSTER))
    if main["loader_module"] == "mlflow.lightgbm":
        return _Stored(_file(folder, library.get("data")), "native" if kind == BOOSTER else _form(library))
    if "model_class" in library and not OF_XGBOOST.fullmatch(kind):
        raise SuspectError(f"its MLmodel asks for a call of {kind}")
    return _Stored(_file(folder, library.get("data")), "native")


def _flavours(folder: Path) -> tuple[Section, Section]:
    """Return what an MLmodel says to MLflow in general, and to the library: read as MLflow reads it."""
    from mlflow.models import Model

    found = Model.load(str(folder)).flavors
    main = found.get("python_function") or {}
    name = PLAIN.get(str(main.get("loader_module")))
    if name is None:
        raise NotUsableError(f"it is loaded by {main.get('loader_module')}, whose code is not run: {REMEDY}")
    if not isinstance(found.get(name), dict):
        raise SuspectError(f"its MLmodel says nothing of {name}, by which it is loaded")
    return main, found[name]


def _form(library: Section) -> str:
    return "skops" if library.get("serialization_format") == "skops" else "pickle"


def _file(folder: Path, name: Any) -> Path:
    """Return a file that lies in a folder itself: beside another the MLmodel of that place would count."""
    path = folder / str(name)
    if path.parent != folder or path.is_symlink() or not path.is_file():
        raise SuspectError(f"its MLmodel names {str(name)[:100]!r}, which is no file beside it")
    return path


def _require(stored: _Stored, extra: Sequence[str], limit: int) -> None:
    """Return if MLflow may read a file that is no pickle."""
    if stored.form == "native":
        load_staged(stored.file, extra, limit=limit)
        return
    with stored.file.open("rb") as raw:
        require_skops(raw, extra, limit)


def _unpickled(file: Path, extra: Sequence[str], limit: int) -> Any:
    """Return what a pickle holds; joblib's files pass the gate too, but MLflow could not read them."""
    with file.open("rb") as raw:
        written = raw.read(1) == PROTOCOL
    loaded = load_staged(file, extra, limit=limit, mended=False)
    if not written or "joblib" in loaded.packages:
        raise BrokenError(f"{file.name} is no pickle as MLflow writes it")
    return loaded.model
